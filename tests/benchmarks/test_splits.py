import gzip
import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.measures.shared_scripts import differences, shared_folder, shared_split
from benchmarks.measures.split_rules import cut_at_random, cut_by_item, cut_by_time, cut_by_user, draw_valid
from benchmarks.measures.splits import SETS, make_split, read_events
from gnn import evaluate
from graphstore.errors import InputError

ROOT = Path(__file__).parents[2]
SHARED = shared_folder()
PARTS = ("train", "valid", "test")


def event(user_id, item_id, timestamp=None, **more):
    return {"user_id": str(user_id), "item_id": str(item_id), "kind": "view", "timestamp": timestamp, **more}


def keys(events):
    return Counter((row["user_id"], row["item_id"], row.get("timestamp")) for row in events)


def test_a_cut_in_time_is_80_10_10_whatever_the_order_of_the_file():
    events = [event(n % 7, n, 1_000 + n) for n in range(50)]
    train, valid, test = cut_by_time(events)
    assert [row["timestamp"] for row in (*train, *valid, *test)] == list(range(1_000, 1_050))
    assert [len(part) for part in (train, valid, test)] == [40, 5, 5]
    assert cut_by_time(events[::-1]) == (train, valid, test)


def test_events_of_the_same_second_are_cut_by_their_ids_as_text():
    events = [event(user, item, 5) for user in (2, 10) for item in (3, 20)] + [event(1, 1, 9)]
    train, _, test = cut_by_time(events)
    assert [(row["user_id"], row["item_id"]) for row in train] == [("10", "20"), ("10", "3"), ("2", "20"), ("2", "3")]
    assert [row["timestamp"] for row in test] == [9]


def test_each_users_last_tenth_is_test_and_short_histories_stay_in_train():
    long = [event("long", n, n) for n in range(25)]
    five = [event("five", n, f"2020-01-01T00:00:0{n}Z") for n in range(5)]
    four = [event("four", n, n) for n in range(4)]
    train, valid, test = cut_by_user([*long, *five, *four])
    assert test == [five[4], *long[23:]]
    assert valid == [five[3], *long[21:23]]
    assert len(train) == 21 + 3 + 4


def test_the_order_of_ids_does_not_decide_what_a_user_did_last():
    events = [event(user, item, 7) for user in range(40) for item in range(10)]
    last = Counter(row["item_id"] for row in cut_by_user(events)[2])
    assert sum(last.values()) == 40
    assert max(last.values()) < 12


def test_a_random_cut_is_the_same_every_time():
    events = [event(n % 5, n) for n in range(100)]
    parts = cut_at_random(events)
    assert [len(part) for part in parts] == [80, 10, 10]
    assert cut_at_random(events[::-1]) == parts
    assert keys([row for part in parts for row in part]) == keys(events)


def test_a_cut_by_item_keeps_all_events_of_a_tenth_of_the_items_for_the_end():
    events = [event(user, item) for user in range(5) for item in range(40)]
    parts = cut_by_item(events)
    items = [{row["item_id"] for row in part} for part in parts]
    assert ([len(part) for part in parts], [len(part) for part in items]) == ([160, 20, 20], [32, 4, 4])
    assert not items[0] & items[1] and not items[2] & (items[0] | items[1])
    assert [{row["item_id"] for row in part} for part in cut_by_item(events[::-1])] == items


def test_valid_is_drawn_from_each_users_published_items():
    published = [event("a", n) for n in range(30)] + [event("b", n) for n in range(4)]
    train, valid = draw_valid(published)
    assert (Counter(row["user_id"] for row in valid), len(train)) == (Counter(a=3), 31)
    assert draw_valid(published) == (train, valid)


def test_events_without_a_time_are_only_cut_at_random():
    for cut in (cut_by_time, cut_by_user):
        with pytest.raises(InputError, match="@random"):
            cut([event("u", "i")])


@pytest.fixture
def own(tmp_path):
    """A folder of somebody's own files: ten events of one user, as CSV, and items."""
    folder = tmp_path / "own"
    folder.mkdir()
    rows = "".join(f"u,i{n},like,2024-01-{n:02}T00:00:00Z\n" for n in range(1, 11))
    (folder / "events.csv").write_text("user_id,item_id,kind,timestamp\n" + rows)
    (folder / "items.jsonl").write_text('{"item_id": "i1", "title": "One"}\n')
    return folder


@pytest.mark.parametrize("rule", ["", "@time", "@user", "@random", "@item"])
def test_files_of_ones_own_are_split_into_files_that_evaluate_reads(own, tmp_path, rule):
    split = make_split(f"mine={own}{rule}", tmp_path / "made")
    sizes = [len(evaluate.read_events(split.events(part))) for part in (*PARTS, "history")]
    assert sizes == [8, 1, 1, 9]
    assert (split.name, split.items, split.users, split.ties) == ("mine", own / "items.jsonl", None, None)
    if rule not in {"@random", "@item"}:
        assert read_events(split.events("test"))[0]["item_id"] == "i10"


def test_what_is_no_data_set_is_said(own, tmp_path):
    with pytest.raises(InputError, match="no data set 'movies'"):
        make_split("movies", tmp_path / "made")
    with pytest.raises(InputError, match=r"events\.jsonl"):
        make_split(f"mine={tmp_path}", tmp_path / "made")
    with pytest.raises(InputError, match="--data"):
        make_split("uci-online-retail", tmp_path / "made")
    (own / "events.csv").write_text("user_id,item_id,kind\nu,i1\n")
    with pytest.raises(InputError, match="line 2"):
        make_split(f"mine={own}", tmp_path / "made")


def test_published_lists_are_kept_as_they_were_published(tmp_path):
    folder = tmp_path / "data" / "lightgcn-gowalla"
    folder.mkdir(parents=True)
    (folder / "train.txt").write_text("0 1 2 3 4 5\n1 1\n")
    (folder / "test.txt").write_text("0 9\n1 2\n")
    split = make_split("lightgcn-gowalla", tmp_path / "made", data=tmp_path / "data")
    found = {part: {(row["user_id"], row["item_id"]) for row in read_events(split.events(part))} for part in PARTS}
    assert found["test"] == {("0", "9"), ("1", "2")}
    assert len(found["valid"]) == 1
    assert found["train"] | found["valid"] == {("0", str(n)) for n in range(1, 6)} | {("1", "1")}
    assert (split.source, split.items, split.users) == ("own", None, None)


def test_overviews_become_descriptions_of_the_items(tmp_path):
    folder, texts = tmp_path / "ml-100k", tmp_path / "ml-100k-multimodal"
    folder.mkdir()
    (folder / "u.data").write_text("7\t1\t4\t881250949\n")
    (folder / "u.user").write_text("7|24|M|technician|85711\n")
    films = (f"{n}|Film {n}|01-Jan-1995||u|{'|'.join('0' * 19)}\n" for n in (1, 2))
    (folder / "u.item").write_text("".join(films))
    with pytest.raises(InputError, match="items_tmdb"):
        make_split("ml-100k-overviews@item", tmp_path / "made", data=tmp_path)
    texts.mkdir()
    (texts / "items_tmdb.csv").write_text('movie_id,overview\n1,"Toys, alive."\n2,\n')
    split = make_split("ml-100k-overviews@item", tmp_path / "made", data=tmp_path)
    items = [json.loads(line) for line in split.items.read_text().splitlines()]
    assert [item.get("description") for item in items] == ["Toys, alive.", None]
    assert split.source == "own" and split.media is None


def test_posters_are_unpacked_beside_the_split_and_items_refer_to_them(tmp_path):
    folder, more = tmp_path / "ml-100k", tmp_path / "ml-100k-multimodal"
    folder.mkdir()
    more.mkdir()
    (folder / "u.data").write_text("7\t1\t4\t881250949\n")
    (folder / "u.user").write_text("7|24|M|technician|85711\n")
    (folder / "u.item").write_text("".join(f"{n}|Film {n}|01-Jan-1995||u|{'|'.join('0' * 19)}\n" for n in (1, 2)))
    (more / "items_tmdb.csv").write_text('movie_id,overview\n1,"Toys, alive."\n')
    with pytest.raises(InputError, match="posters"):
        make_split("ml-100k-posters@item", tmp_path / "made", data=tmp_path)
    with zipfile.ZipFile(more / "posters_92x138.zip", "w") as archive:
        archive.writestr("posters/1.jpg", b"poster")
        archive.writestr("posters/readme.txt", b"no poster")
    split = make_split("ml-100k-posters@item", tmp_path / "made", data=tmp_path)
    items = [json.loads(line) for line in split.items.read_text().splitlines()]
    assert [item.get("image") for item in items] == ["1.jpg", None]
    assert split.media is not None and (split.media / "1.jpg").read_bytes() == b"poster"


FAKE = """
import csv, pathlib, sys
_, _, data, _, out, name = sys.argv
folder = pathlib.Path(out) / {"known": "known"}[name]
folder.mkdir()
head = ("user_id", "item_id", "timestamp", "kind", "value")
for part, user in {"train": "0", "valid": "1", "test": "2"}.items():
    with (folder / f"{part}.csv").open("w", newline="") as f:
        csv.writer(f).writerows([head, (user, "i", "", "visit", 1)])
(folder / "items.csv").write_text("item_id\\ni\\n")
"""


def test_the_shared_script_decides_where_it_is_there_and_its_rows_become_our_events(tmp_path):
    events = [{"user_id": str(n), "item_id": "i", "kind": "like"} for n in range(3)]
    assert shared_split(tmp_path, "known", tmp_path, events) is None
    (tmp_path / "evaluation").mkdir()
    (tmp_path / "evaluation" / "splits.py").write_text(FAKE)
    assert shared_split(tmp_path, "unknown", tmp_path, events) is None
    parts, catalogue = shared_split(tmp_path, "known", tmp_path, events)
    assert (parts, catalogue) == ({"train": events[:1], "valid": events[1:2], "test": events[2:]}, ["i"])
    with pytest.raises(ValueError, match="lacks 1 events"):
        shared_split(tmp_path, "known", tmp_path, [*events, {**events[0], "user_id": "3"}])
    with pytest.raises(ValueError, match="doesn't read"):
        shared_split(tmp_path, "known", tmp_path, events[:2])


def test_differences_between_two_reports_are_named():
    ours = {"all": {"ndcg@10": 0.5, "users": 3, "mrr": 0.1}, "coverage@10": 0.25}
    assert differences(ours, {"all": {"ndcg@10": 0.5 + 1e-12, "users": 3}, "more": 1}) == []
    assert differences(ours, {"all": {"ndcg@10": 0.6, "users": 3}}) == ["all.ndcg@10: 0.5 here, 0.6 there"]


OURS_ALONE = ("@item", "yelp")
COMPARED = [name for name in SETS if not (SETS[name].own or any(part in name for part in OURS_ALONE))]
LARGE = {  # files of events, and how many lines of them are enough here
    "ml-100k": (("u.data",), 10_000),
    "ml-latest-small": (("ratings.csv",), 10_000),
    "uci-online-retail": (("online_retail.csv.gz",), 10_000),
    "lightgcn-gowalla": (("train.txt.gz", "test.txt.gz"), 500),  # a user's items are a line
}


def thinned(folder, target):
    """A copy of a published data set with lines from all over its files of events; the other files are links."""
    names, enough = LARGE.get(folder.name, ((), 0))
    copy = target / folder.name
    copy.mkdir(parents=True)
    for path in folder.iterdir():
        if path.name not in names:
            (copy / path.name).symlink_to(path)
            continue
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as lines:
            head, *rest = lines
        with opened(copy / path.name, "wt", encoding="utf-8") as kept:
            kept.writelines([head, *rest[:: max(1, len(rest) // enough)]])
    return target


@pytest.mark.parametrize("name", COMPARED)
def test_our_rules_split_as_the_shared_script_does(name, tmp_path):
    if SHARED is None or not (SHARED / "data" / SETS[name].folder).is_dir():
        pytest.skip("the shared scripts and data are not on this machine")
    data = thinned(SHARED / "data" / SETS[name].folder, tmp_path / "data")
    theirs = make_split(name, tmp_path / "theirs", data=data, shared=SHARED)
    ours = make_split(name, tmp_path / "ours", data=data)
    assert (theirs.source, ours.source) == ("shared", "own")
    for part in PARTS:
        found = keys(read_events(theirs.events(part)))
        assert found and found == keys(read_events(ours.events(part)))
    for what in ("items", "users", "ties"):
        first, second = (getattr(split, what) for split in (theirs, ours))
        assert (first and first.read_bytes()) == (second and second.read_bytes())


@pytest.mark.parametrize("name", ["measures/splits", "quality"])
def test_the_command_explains_itself(name):
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0 and "usage:" in done.stdout, done.stderr


def test_the_command_writes_the_files_and_prints_a_row_for_each_part(own, tmp_path):
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / "measures" / "splits.py"),
        f"mine={own}",
        "--output",
        str(tmp_path),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [(row["part"], row["events"]) for row in rows] == [("train", 8), ("valid", 1), ("test", 1), ("history", 9)]
    assert len(read_events(tmp_path / "mine" / "history.jsonl")) == 9
