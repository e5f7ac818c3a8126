import csv
import json

import pytest

from gnn.baselines import item_knn, most_popular, recently_popular
from gnn.evaluation import check_overlap, evaluate, interactions, read_events, score_served
from graphstore.build import build
from graphstore.collect import collect
from graphstore.errors import InputError

DAY = 86_400
NOW = 1_600_000_000
TEST_LISTS = ["interestgraph", "most popular", "recently popular", "item-kNN"]


def row(user, item, day, kind="rating"):
    return {"user_id": user, "item_id": item, "timestamp": NOW - int(day * DAY), "kind": kind, "value": 4}


def communities():
    """Training and test rows of two communities; each user's test item is the one they left out."""
    train, test = [], []
    for side in "ab":
        for user in range(6):
            for item in range(8):
                chosen = train if item != user else test
                day = 0 if item == user else 1 + (user * 8 + item) / 10
                chosen.append(row(f"{side}-user{user}", f"{side}-item{item}", day))
    return train, test


def write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_what_is_served_finds_the_item_left_out_and_popularity_does_not(client, tmp_path):
    train, test = communities()
    collect(client, events=write(tmp_path / "train.csv", train))
    build(client)
    report = score_served(client, train, test)
    assert list(report["systems"]) == TEST_LISTS
    served = report["systems"]["interestgraph"]["all"]
    assert (served["users"], served["users_missing"], served["ndcg@10"]) == (12, 0, 1.0)
    assert report["systems"]["item-kNN"]["all"]["ndcg@10"] == 1.0
    assert report["systems"]["most popular"]["all"]["ndcg@10"] < 0.9
    assert (report["train"]["events"], report["test"]["events"], report["catalogue"]) == (84, 12, 16)


def test_overlapping_files_are_refused_with_the_number_of_shared_events(tmp_path):
    train, test = communities()
    files = [write(tmp_path / f"{n}.csv", rows) for n, rows in enumerate([train, test + train[:3]])]
    with pytest.raises(InputError, match="3 of 15 test events are training events too"):
        evaluate(*files)


def test_the_same_pair_at_another_time_is_no_overlap_but_without_times_it_is():
    first, again = row("u", "i", 5), row("u", "i", 0)
    check_overlap([first], [again])
    with pytest.raises(InputError, match="1 of 1"):
        check_overlap([first | {"timestamp": None}], [again | {"timestamp": ""}])


def test_files_that_cannot_be_scored_are_refused_by_name_and_line(tmp_path):
    broken = tmp_path / "broken.jsonl"
    broken.write_text(json.dumps(row("u", "i", 1)) + "\n{}\n")
    with pytest.raises(InputError, match=r"broken.jsonl, line 2: an event needs user_id and item_id"):
        read_events(broken)
    empty = tmp_path / "empty.csv"
    empty.write_text("user_id,item_id\n")
    with pytest.raises(InputError, match="no events"):
        read_events(empty)


def test_users_who_are_new_in_the_test_part_only_cannot_be_scored(client):
    with pytest.raises(InputError, match="Nothing to score"):
        score_served(client, [row("u", "i", 1)], [row("v", "i", 0)])


def test_baselines_by_hand():
    events = interactions(
        [row("u1", "old", 90), row("u2", "old", 90), row("u3", "old", 90)]
        + [row("u1", "new", 1), row("u2", "new", 1), row("u4", "x", 1), row("u3", "x", 95), row("u5", "y", 60)]
    )
    assert most_popular(events, 2)["u5"] == ["old", "new"]
    assert recently_popular(events, 2)["u5"] == ["new", "x"]
    assert item_knn(events, 5)["u4"] == ["old"]
    assert item_knn(events, 5)["u5"] == []


@pytest.mark.slow
def test_the_whole_way_in_a_scratch_server_of_its_own(tmp_path):
    train, test = communities()
    files = [write(tmp_path / f"{name}.csv", rows) for name, rows in (("train", train), ("test", test))]
    report = evaluate(*files, learn=False)
    assert report["systems"]["interestgraph"]["all"]["ndcg@10"] == 1.0
    assert report["stages"]["collect"]["events"]["created"] == 84
