import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks import quality
from benchmarks.measures import quality_tables

ROOT = Path(__file__).parents[2]
METRICS = ("ndcg@10", "ndcg@20", "recall@20", "hitrate@10", "mrr")
VIEW = {"users": 2} | dict.fromkeys(METRICS, 0.2) | {f"{name}_ci": 0.01 for name in METRICS}
FOUND = {"all": VIEW, "coverage@10": 0.5, "novelty@10": 3.0, "diversity@10": None, "history": {}}
SCORER = """
import json
def read_recs(path):
    with open(path, encoding="utf-8") as lines:
        return {row["user_id"]: row["items"] for row in map(json.loads, lines)}
def evaluate(train, test, recs, catalogue):
    assert recs["u"] and "i1" in catalogue
    return {"all": {"ndcg@10": NDCG, "users": 2}}, {}
"""


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    rows = "".join(f"u,i{n},like,2024-01-{n:02}T00:00:00Z\n" for n in range(1, 11))
    (folder / "events.csv").write_text("user_id,item_id,kind,timestamp\n" + rows)
    return folder


@pytest.fixture
def options(tmp_path):
    folder = tmp_path / "shared" / "evaluation"
    folder.mkdir(parents=True)
    (folder / "score.py").write_text(SCORER.replace("NDCG", "0.2"))
    return Namespace(
        encoder=None,
        data=None,
        shared=folder.parent,
        part="test",
        seeds=1,
        learning=False,
        baselines="none",
        output=None,
    )


def fake_evaluate(called):
    def evaluate(train, test, items, *, users_file, ties_file, options, baselines, lists_folder=None):
        assert options.media is None and options.encoder is None and not options.learn
        called.append((train.name, test.name, items, options.seed))
        if lists_folder:
            lists_folder.mkdir(exist_ok=True)
            (lists_folder / "interestgraph.jsonl").write_text(json.dumps({"user_id": "u", "items": ["i10"]}) + "\n")
        return {"systems": {"interestgraph": FOUND}, "seconds": {"stages": 5.5, "serving": 2.0, "scoring": 1.0}}

    return evaluate


def test_each_part_is_scored_after_what_was_known_before_it(own, options, tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(quality, "evaluate", fake_evaluate(called))
    measured = quality.measure(f"mine={own}", options, tmp_path)
    assert called == [("history.jsonl", "test.jsonl", None, 0)]
    assert measured["rescored"] == ["interestgraph"]
    assert measured["seconds"] == {"stages": 7.5, "scoring": 1.0}
    assert json.loads((tmp_path / "report.json").read_text())["report"]["systems"]
    assert json.loads((tmp_path / "recs.jsonl").read_text())["items"] == ["i10"]
    options.part, options.seeds = "valid", 2
    measured = quality.measure(f"mine={own}", options, tmp_path)
    assert called[1:] == [("train.jsonl", "valid.jsonl", None, seed) for seed in (0, 1)]
    assert len(measured["seeds"]) == 2


def test_a_shared_scorer_that_says_something_else_is_an_error(own, options, tmp_path, monkeypatch):
    monkeypatch.setattr(quality, "evaluate", fake_evaluate([]))
    (options.shared / "evaluation" / "score.py").write_text(SCORER.replace("NDCG", "0.3"))
    with pytest.raises(AssertionError, match=r"all\.ndcg@10: 0\.2 here, 0\.3 there"):
        quality.measure(f"mine={own}", options, tmp_path)


def measured(**more):
    served = FOUND | {"cold_items": VIEW | {"recall@20": 0.05}}
    report = {"systems": {"interestgraph": served, "EASE": FOUND}, **more}
    cold = {"candidates": 100, "users": 2, "random": 0.2, "content-kNN": {"recall@20": 0.1}}
    return {
        "split": {"name": "ml-100k@user", "rule": "user", "source": "own"},
        "part": "test",
        "report": report,
        "seeds": [served],
        "cold": cold,
        "seconds": {"stages": 61.4, "scoring": 9.0},
        "rescored": [],
    }


def test_the_summary_sets_what_is_served_beside_target_peer_chance_and_text():
    versus = {"ndcg@10": {"peer": "EASE", "difference": 0.012, "interval": [0.004, 0.02], "half_width": 0.008}}
    row = quality_tables.summary_row(
        "ml-100k@user", measured(versus_best={"all": versus}, cold_alone={"recall@20": 0.15})
    )
    assert row["served"] == "ndcg@10 .2000 ±.0100, target 0.196\nrecall@20 .2000 ±.0100, target 0.29"
    assert row["minus the best peer"] == "ndcg@10 +0.0120 [+0.0040, +0.0200] EASE\n"
    assert row["cold items, Recall@20"] == (
        "in served lists .050\ncold alone: served .150\nrandom .200\ncontent-kNN .100"
    )
    assert row["seconds"] == "stages 61\nscoring 9"


def test_a_report_is_shown_with_its_systems_and_notes_or_as_one_document(capsys):
    found = measured(notes=["a note"])
    quality_tables.show_systems(found)
    quality_tables.show_summary({"ml-100k@user": found}, False)
    shown = capsys.readouterr().out
    assert "EASE" in shown and "a note" in shown and "no shared scorer" in shown
    quality_tables.show_summary({"mine": found}, True)
    assert json.loads(capsys.readouterr().out)["rows"][0]["data set"] == "mine"


def test_several_seeds_show_their_range():
    found = measured()
    found["seeds"] = [{"all": {"ndcg@10": value, "recall@20": 0.3}} for value in (0.19, 0.21)]
    row = quality_tables.summary_row("mine", found)
    assert row["served"].splitlines()[0] == "ndcg@10 .2000 ±.0100 (.1900–.2100 over 2 seeds)"


@pytest.mark.slow
def test_files_of_ones_own_are_measured_from_split_to_summary(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    rows = [
        f"u{u},i{(u * 7 + n * (u % 2 + 1)) % 30},like,{1_700_000_000 + n * 86_400 + u}"
        for u in range(20)
        for n in range(12)
    ]
    (folder / "events.csv").write_text("user_id,item_id,kind,timestamp\n" + "\n".join(dict.fromkeys(rows)) + "\n")
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / "quality.py"),
        f"mine={folder}@user",
        "--no-learning",
        "--json",
    ]
    command += ["--baselines", "most-popular", "--output", str(tmp_path / "kept")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["data set"], row["users"]) == ("mine", 20)
    assert "most popular" in row["minus the best peer"]
    assert len((tmp_path / "kept" / "mine" / "recs.jsonl").read_text().splitlines()) == 20
