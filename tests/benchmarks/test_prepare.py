"""Timelines and the homes that are prepared from them."""

from contextlib import nullcontext

import pytest

from benchmarks.load import prepare, prepared_graphs
from benchmarks.load.prepare import Steps
from benchmarks.load.prepared_graphs import Prepared
from benchmarks.measures import timelines
from benchmarks.worlds.planted_world import Plan
from graphstore.errors import InputError


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setitem(timelines.LIVING, "living-10k", Plan(users=30, items=40, events=600))
    monkeypatch.setattr(timelines, "LATER", 50)


def test_a_generated_timeline_goes_on_after_its_history():
    told = timelines.timeline("living-10k")
    history, later = list(told.history.events()), list(told.later())
    assert (len(history), len(later)) == (600, 50)
    assert history[-1]["timestamp"] <= later[0]["timestamp"]
    assert not {row["event_id"] for row in history} & {row["event_id"] for row in later}


def test_a_timeline_is_cut_at_a_share_of_its_events():
    told = timelines.timeline("living-10k", share=0.5)
    assert (told.name, len(list(told.history.events())), len(list(told.later()))) == ("living-10k@0.5", 300, 300)


def test_published_events_stand_in_the_order_of_time_whatever_that_of_the_file(tmp_path):
    folder = tmp_path / "ml-100k"
    folder.mkdir()
    rows = [(user, item, 5, 100 - item) for user in (1, 2) for item in range(1, 11)]
    (folder / "u.data").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    (folder / "u.item").write_text("", encoding="latin-1")
    (folder / "u.user").write_text("")
    told = timelines.timeline("ml-100k", tmp_path)
    history, later = list(told.history.events()), list(told.later())
    times = [row["timestamp"] for row in history + later]
    assert (len(history), len(later)) == (18, 2) and times == sorted(times)
    assert len({row["event_id"] for row in history + later}) == 20


def test_lists_without_times_keep_their_test_part_for_later(tmp_path):
    folder = tmp_path / "lightgcn-gowalla"
    folder.mkdir()
    (folder / "train.txt").write_text("0 1 2\n1 3\n")
    (folder / "test.txt").write_text("0 4 5\n1 6\n")
    told = timelines.timeline("lightgcn-gowalla", tmp_path)
    assert [row["item_id"] for row in told.history.events()] == ["1", "2", "3"]
    assert sorted(row["item_id"] for row in told.later()) == ["4", "5", "6"]
    assert list(told.later()) == list(told.later())


def test_a_name_that_is_not_known_is_refused():
    with pytest.raises(InputError, match="known: living-10k"):
        timelines.timeline("nothing")


def test_every_step_of_every_stage_has_its_seconds():
    steps = Steps()
    steps.begin("collect")
    steps("items", 0, 2)
    steps("items", 2, 2)
    steps("events", 0, None)
    steps.begin("build")
    steps.begin("")
    assert [(row["stage"], row["step"]) for row in steps.rows] == [
        ("collect", ""),
        ("collect", "items"),
        ("collect", "events"),
        ("build", ""),
    ]
    rows = [
        {"stage": stage, "step": "x", "seconds": s, "peak MiB": m}
        for stage, s, m in (("a", 1, 5), ("a", 2, 7), ("b", 4, 6))
    ]
    totals = [(row["stage"], row["seconds"], row["peak MiB"]) for row in prepare.totals(rows)]
    assert totals == [("a", 3, 7), ("b", 4, 6), ("all stages", 7, 7)]


def test_a_home_that_holds_something_else_is_not_touched(tmp_path):
    Prepared("other", None).write(tmp_path)
    told = timelines.timeline("living-10k")
    with pytest.raises(InputError, match="holds other"):
        prepare.prepare(tmp_path, told)
    Prepared("living-10k", 1, counts={"events": 600}, done=list(prepared_graphs.STAGES)).write(tmp_path)
    assert prepare.prepare(tmp_path, told, epochs=1).counts == {"events": 600}
    with pytest.raises(InputError, match="--epochs 1"):
        prepare.prepare(tmp_path, told)


def test_a_home_that_was_cut_off_goes_on_with_the_stage_that_it_was_in(tmp_path, monkeypatch):
    ran = []

    def stages(home, told, epochs, seed):
        def work(stage):
            def run(client, steps):
                ran.append(stage)
                if stage == "build" and ran.count("build") == 1:
                    raise KeyboardInterrupt
                return {"events": {"created": 2, "duplicate": 1}}

            return run

        return {stage: work(stage) for stage in prepared_graphs.STAGES}

    monkeypatch.setattr(prepare, "stages", stages)
    monkeypatch.setattr(prepare, "graph_of", lambda home: nullcontext())
    told = timelines.timeline("living-10k")
    with pytest.raises(KeyboardInterrupt):
        prepare.prepare(tmp_path / "home", told)
    with pytest.raises(InputError, match="not prepared to the end"):
        Prepared.ready(tmp_path / "home")
    prepare.prepare(tmp_path / "home", told)
    assert ran == ["collect", "extract", "build", "build", "update"]
    made = Prepared.ready(tmp_path / "home")
    assert made.counts == {"later": 50, "events": 3} and [row["stage"] for row in made.steps] == list(
        prepared_graphs.STAGES
    )
