import csv
import json

import pytest
from click.testing import CliRunner

from gnn import evaluate as gnn_evaluate
from gnn import scratch_graph
from gnn.evaluate import StageOptions, evaluate, score_served
from gnn.evaluation.baselines import ALL, QUICK
from gnn.evaluation.report import plot, print_report
from gnn.evaluation.splits import Split, check_overlap, event, read_events, read_split
from graphstore.build.stage import build
from graphstore.collect.stage import collect
from graphstore.errors import InputError
from interestgraph import main

DAY = 86_400
NOW = 1_600_000_000
PNG = b"\x89PNG\r\n\x1a\n"


def row(user, item, day, kind="rating", value=4):
    timestamp = None if day is None else NOW - int(day * DAY)
    return {"user_id": user, "item_id": item, "timestamp": timestamp, "kind": kind, "value": value}


def communities(timed=True, value=4):
    """Training and test rows of two communities; each user's test item is the one they left out."""
    train, test = [], []
    for side in "ab":
        for user in range(6):
            for item in range(8):
                chosen = train if item != user else test
                day = 0 if item == user else 1 + (user * 8 + item) / 10
                chosen.append(row(f"{side}-user{user}", f"{side}-item{item}", day if timed else None, value=value))
    return train, test


def write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def scored(client, folder, train, test, **options):
    """The report on a graph that holds the training rows."""
    collect(client, events=write(folder / "train.csv", train))
    build(client)
    return score_served(client, train, test, **options)


def test_what_is_served_finds_the_item_left_out_and_popularity_does_not(client, tmp_path):
    report = scored(client, tmp_path, *communities())
    assert list(report["systems"]) == ["interestgraph", *QUICK]
    served = report["systems"]["interestgraph"]["all"]
    assert (served["users"], served["users_missing"], served["ndcg@10"], served["mrr"]) == (12, 0, 1.0, 1.0)
    assert report["systems"]["item-kNN"]["all"]["ndcg@10"] == 1.0
    assert report["systems"]["most popular"]["all"]["ndcg@10"] < 0.9
    assert (report["train"]["events"], report["test"]["events"], report["catalogue"]) == (84, 12, 16)
    assert report["unknown"] == {"users": 0, "items": 0, "events": 0}
    assert report["versus_best"]["all"]["ndcg@10"]["difference"] == 0.0
    assert [note for note in report["notes"] if "16 items, fewer than k = 20" in note]


def test_an_item_that_the_graph_alone_knows_belongs_to_the_catalogue(client, tmp_path):
    train, test = communities()
    scored(client, tmp_path, train, test)
    client.run_text("CREATE (:Item {item_id: 'unheard', popularity: 99.0, ever_popular: 99.0})")
    report = score_served(client, train, test)
    assert report["catalogue"] == 17


def test_events_without_times_are_scored_and_the_report_says_what_that_means(client, tmp_path):
    report = scored(client, tmp_path, *communities(timed=False))
    assert report["systems"]["interestgraph"]["all"]["recall@20"] == 1.0
    assert report["systems"]["recently popular"] == report["systems"]["most popular"]
    assert any("No training event has a time" in note and "can't be checked" in note for note in report["notes"])
    assert any("static forms (recently popular as most popular)" in note for note in report["notes"])


def test_ratings_that_are_all_the_same_say_as_much_as_no_ratings(client, tmp_path):
    report = scored(client, tmp_path, *communities(value=3), k=5)
    assert report["systems"]["interestgraph"]["all"]["hitrate@10"] == 1.0
    assert any("recall@20 and ndcg@20 are of those" in note for note in report["notes"])


def test_users_and_items_that_training_never_named_are_counted_apart(client, tmp_path):
    train, test = communities()
    test += [row("stranger", "a-item1", 0), row("a-user0", "unheard-of", 0)]
    report = scored(client, tmp_path, train, test)
    assert report["unknown"] == {"users": 1, "items": 1, "events": 2}
    assert any("2 of 14 test events name 1 users or 1 items" in note for note in report["notes"])
    served = report["systems"]["interestgraph"]
    assert served["cold"] == {"users_without_train": 1, "relevant": 13, "relevant_never_in_train": 1}
    assert served["all"]["recall@20"] == pytest.approx(11.5 / 12) and served["known"]["recall@20"] == 1.0
    assert served["cold_items"]["users"] == 1 and "cold_users" not in served


def test_a_single_user_is_scored(client, tmp_path):
    train = [row("u", f"i{n}", 9 - n) for n in range(3)]
    report = scored(
        client, tmp_path, train, [row("u", "i3", 0)], baselines=[name for name in ALL if name != "LightGCN"]
    )
    assert len(report["systems"]) == 9
    view = report["systems"]["interestgraph"]["all"]
    assert (view["users"], view["recall@20"], view["recall@20_interval"]) == (1, 0.0, [0.0, 0.0])


def test_users_who_are_new_in_the_test_part_only_cannot_be_scored(client):
    with pytest.raises(InputError, match="Nothing to score"):
        score_served(client, [row("u", "i", 1)], [row("v", "i", 0)])


def test_overlapping_files_are_refused_with_the_number_of_shared_events(tmp_path):
    train, test = communities()
    files = [write(tmp_path / f"{n}.csv", rows) for n, rows in enumerate([train, test + train[:3]])]
    with pytest.raises(InputError, match="3 of 15 test events are training events too"):
        evaluate(*files)


def test_nothing_to_score_is_said_before_a_server_is_started(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch_graph, "managed_server", None)
    files = [write(tmp_path / f"{n}.csv", [row("u", "i", n)]) for n in (1, 0)]
    with pytest.raises(InputError, match="Nothing to score: no user has a training event and a test item that is new"):
        evaluate(*files)


def test_the_same_pair_at_another_time_is_no_overlap_but_without_times_it_is():
    first, again = event(row("u", "i", 5)), event(row("u", "i", 0))
    check_overlap([first], [again])
    with pytest.raises(InputError, match="1 of 1"):
        check_overlap([event(row("u", "i", None))], [event(row("u", "i", None) | {"timestamp": ""})])


def test_files_that_cannot_be_scored_are_refused_by_name_and_line(tmp_path):
    broken = tmp_path / "broken.jsonl"
    broken.write_text(json.dumps(row("u", "i", 1)) + "\n{}\n")
    with pytest.raises(InputError, match=r"broken.jsonl, line 2: an event needs user_id and item_id"):
        read_events(broken)
    broken.write_text(json.dumps(row("u", "i", 1) | {"timestamp": "yesterday"}) + "\n")
    with pytest.raises(InputError, match=r"broken.jsonl, line 1: timestamp 'yesterday': a time must be"):
        read_events(broken)
    broken.write_text(json.dumps(row("u", "i", 1)) + "\nno json\n")
    with pytest.raises(InputError, match=r"broken.jsonl, line 2: not JSON"):
        read_events(broken)
    empty = tmp_path / "empty.csv"
    empty.write_text("user_id,item_id\n")
    with pytest.raises(InputError, match="no events"):
        read_events(empty)


def test_training_events_later_than_the_first_test_event_are_told():
    split = Split([event(row("u", "a", 5)), event(row("v", "b", 1))], [event(row("u", "c", 2))])
    assert any("1 of 2 training events are later than the first test event" in note for note in split.notes(20))
    assert not any("later" in note for note in Split(split.train[:1], split.test).notes(20))


def test_descriptions_make_items_and_users_known_and_give_attributes(tmp_path):
    train = write(tmp_path / "train.csv", [row("u", "a", 2)])
    test = write(tmp_path / "test.csv", [row("u", "b", 1), row("w", "a", 1), row("u", "x", 1)])
    items = write(tmp_path / "items.csv", [{"item_id": i, "title": i, "attributes": "genre=Drama|War"} for i in "ab"])
    users = write(tmp_path / "users.csv", [{"user_id": "w"}])
    split = read_split(train, test, items, users)
    assert split.unknown() == {"users": 0, "items": 1, "events": 1}
    assert split.items["b"] == {("genre", "Drama"), ("genre", "War")}
    assert split.catalogue == ["a", "b", "x"]


def made_up_report():
    """A report as `evaluate` makes it, without a server."""
    train, test = ([event(r) for r in part] for part in communities())
    split = Split(train, test, {f"{s}-item{n}": {s, n % 3} for s in "ab" for n in range(8)})
    served = {user: [item for item in split.catalogue if item not in split.known[user]] for user in split.known}
    return gnn_evaluate._report(split, gnn_evaluate._scorer(split), served, 20, QUICK, None, lambda *_: None)


def test_the_report_is_a_table_and_a_picture_and_json(tmp_path, capsys):
    from rich.console import Console

    report = made_up_report()
    json.loads(json.dumps(report, allow_nan=False))
    print_report(Console(width=250), report)
    shown = capsys.readouterr().out
    for words in (
        "interestgraph",
        "item-kNN",
        "diversity@10",
        "served minus the best peer",
        "6-20 events",
        "·",
    ):
        assert words in shown
    plot(report, tmp_path / "chart.png")
    assert (tmp_path / "chart.png").read_bytes().startswith(PNG)
    with pytest.raises(InputError, match="can't be written"):
        plot(report, tmp_path / "missing" / "chart.png")


def test_a_baseline_that_does_not_exist_is_wrong_usage(tmp_path):
    files = [write(tmp_path / f"{n}.csv", rows) for n, rows in enumerate(communities())]
    options = ["evaluate", "--train", str(files[0]), "--test", str(files[1]), "--baselines", "magic"]
    done = CliRunner().invoke(main, options)
    assert done.exit_code == 2 and "'magic' is not one of them" in done.output


@pytest.mark.slow
def test_the_whole_way_in_a_scratch_server_of_its_own(tmp_path):
    train, test = communities()
    files = [write(tmp_path / f"{name}.csv", rows) for name, rows in (("train", train), ("test", test))]
    ties = tmp_path / "ties.jsonl"
    pairs = [("a-user0", "a-user1", 5), ("a-user1", "a-user2", None), ("a-user2", "a-user3", -1)]
    days = [{} if day is None else {"timestamp": NOW - day * DAY} for _, _, day in pairs]
    ties.write_text(
        "".join(
            json.dumps({"user_id": user, "follows": other} | time) + "\n"
            for (user, other, _), time in zip(pairs, days, strict=True)
        )
    )
    options = StageOptions(learn=False)
    report = evaluate(*files, ties_file=ties, options=options, baselines=QUICK, lists_folder=tmp_path / "lists")
    assert report["systems"]["interestgraph"]["all"]["ndcg@10"] == 1.0
    assert report["stages"]["collect"]["events"]["created"] == 84
    assert report["stages"]["collect"]["ties"]["created"] == 2
    assert "1 ties are later than the last training event and were left out." in report["notes"]
    lines = (tmp_path / "lists" / "interestgraph.jsonl").read_text().splitlines()
    assert len(lines) == 12 and json.loads(lines[0]).keys() == {"user_id", "items"}
    assert {path.stem for path in (tmp_path / "lists").iterdir()} == {
        "interestgraph",
        "most-popular",
        "recently-popular",
        "item-knn",
    }
