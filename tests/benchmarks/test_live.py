"""The live benchmark without a server: schedules that wait for nobody, slopes, percentiles, the table with targets."""

import json
import threading
import time
from argparse import Namespace

import pytest

from benchmarks.load import asking, backlog, heavy_nodes, listening, live_table, load_generators
from benchmarks.load.asking import Answer
from benchmarks.load.backlog import NEVER
from benchmarks.load.listening import Heard
from benchmarks.load.live_table import Measured, Target
from benchmarks.load.load_generators import Cost, Effect, Load, Running
from benchmarks.load.prepared_graphs import LATER, Prepared
from graphstore.errors import InputError


def answer(status=200, etag=None, items=(("a", 1.0),), **more):
    rows = [{"item_id": item, "score": score} for item, score in items]
    return Answer(status, etag, {"recommendations": rows, **more}, 0.0)


def test_jobs_begin_when_they_are_due_though_earlier_ones_still_wait():
    begun, all_begun = [], threading.Event()

    def act(job, due):
        begun.append((job, time.perf_counter() - due))
        if len(begun) == 5:
            all_begun.set()
        assert all_begun.wait(10)
        return job

    assert asking.at_rate(range(5), 100.0, act) == [0, 1, 2, 3, 4]
    assert all(late >= 0 for _, late in begun)


def test_what_a_job_raises_is_raised():
    def act(job, due):
        raise SystemExit("no")

    with pytest.raises(SystemExit, match="no"):
        asking.at_rate([1], 10.0, act)


def test_extremes_come_after_all_that_a_home_holds_each_once(monkeypatch):
    monkeypatch.setattr(heavy_nodes, "user_ids", lambda client: ["u", "v"])
    monkeypatch.setattr(heavy_nodes, "item_ids", lambda client: ["a", "b"])
    make = heavy_nodes.Maker(None, {"event_id": "e9", "timestamp": 1000}, seed=0)
    made = [make.event("v"), make.event(None, "b"), make.event()]
    assert [row["event_id"] for row in made] == ["e9-0", "e9-1", "e9-2"]
    assert [row["timestamp"] for row in made] == [1000, 1001, 1002]
    assert made[0]["user_id"] == "v" and made[1]["item_id"] == "b"
    assert {row["user_id"] for row in made} <= {"u", "v"} and {row["item_id"] for row in made} <= {"a", "b"}


def test_a_slope_is_that_of_the_least_squares_line():
    assert backlog.slope([(0, 10), (1, 12), (2, 14), (3, 16)]) == pytest.approx(2.0)
    assert backlog.slope([(0, 3), (5, 3)]) == 0.0
    assert backlog.slope([(0, 3)]) == backlog.slope([]) == backlog.slope([(1, 3), (1, 5)]) == 0.0
    assert backlog.slope([(0, 1), (1, 0), (2, 3), (3, 2)]) == pytest.approx(0.6)


def test_an_answer_differs_by_its_tag_or_else_by_its_list_and_scores():
    assert load_generators.differs(answer(etag='"1"'), answer(etag='"2"'))
    assert not load_generators.differs(answer(etag='"1"'), answer(etag='"1"', items=[("b", 1.0)]))
    assert load_generators.differs(answer(), answer(items=[("b", 1.0)]))
    assert load_generators.differs(answer(), answer(items=[("a", 0.9)]))
    assert not load_generators.differs(answer(), answer(items=[("a", 1.0 + 1e-9)]))
    assert load_generators.differs(Answer(404, None, {}, 0.0), answer())
    assert not load_generators.differs(answer(), Answer(304, '"1"', None, 0.0))


def test_an_answer_is_settled_once_its_version_has_risen_and_nothing_is_pending():
    before = answer(version=3, pending=False)

    def settled(before, after, marked=False):
        return load_generators.is_settled(before, after, FakeGraph(marked), "u")

    assert not settled(before, answer(version=3, pending=False))
    assert not settled(before, answer(version=4, pending=True))
    assert settled(before, answer(version=5, pending=False))
    assert settled(Answer(404, None, {}, 0.0), answer(version=1, pending=False))
    assert settled(answer(), answer()) and not settled(answer(), answer(), marked=True)
    assert not settled(before, Answer(304, '"1"', None, 0.0))


class FakeGraph:
    """A graph in which a user waits for the follower, or not."""

    def __init__(self, marked):
        self.marked = marked

    def run_text(self, text, parameters=None):
        return [{"pending": self.marked, "marks": int(self.marked)}]


class FakeApplication:
    """Answers that change on the second look after an event, and settle on the fourth."""

    def __init__(self):
        self.looks = None

    @property
    def mine(self):
        return self

    def get(self, path, headers=None):
        if self.looks is None:
            return answer(etag='"old"', version=1, pending=False)
        self.looks += 1
        if self.looks < 2:
            return Answer(304, '"old"', None, 0.0)
        return answer(etag='"new"', version=2, pending=self.looks < 4)

    def post(self, path, value):
        self.looks = 0
        return Answer(202, None, {"accepted": 1}, 0.0)


def test_the_effects_of_an_event_are_waited_for_and_no_longer_than_the_patience():
    event = {"user_id": "u", "item_id": "i", "kind": "like"}
    application = FakeApplication()
    effect = load_generators.effect(Running(None, application, True, {}), application, event)
    assert 0 < effect.changed < effect.settled < NEVER and application.looks == 4
    application = FakeApplication()
    effect = load_generators.effect(Running(None, application, False, {}), application, event)
    assert effect.changed < effect.settled == NEVER and application.looks == 2
    application = FakeApplication()
    effect = load_generators.effect(Running(None, application, True, {}, patience=0.0), application, event)
    assert effect == Effect(NEVER, NEVER)


def test_messages_of_a_stream_are_read_and_its_comments_skipped():
    lines = b'retry: 1000\nid: 7\n\n: still here\n\nid: 8\nevent: user\ndata: {"user_id":\ndata: 1}\n\ndata: 2\n\n'
    assert list(listening.messages(lines.splitlines(keepends=True))) == [("user", {"user_id": 1}), ("message", 2)]


def test_the_first_change_of_a_user_after_a_moment_and_above_a_version_counts():
    heard = Heard()
    heard.note("u", 1)
    moment = time.perf_counter()
    assert heard.first("u", moment, 0, 0.01) == NEVER
    heard.note("u", 1)
    heard.note("v", 9)
    threading.Timer(0.02, heard.note, ("u", 2)).start()
    assert moment < heard.first("u", moment, 0, 5.0) < heard.first("u", moment, 1, 5.0) < moment + 5


def test_an_effect_that_the_stream_tells_of_is_noted():
    application, heard = FakeApplication(), Heard()
    threading.Timer(0.05, heard.note, ("u", 2)).start()
    event = {"user_id": "u", "item_id": "i", "kind": "like"}
    effect = load_generators.effect(Running(None, application, True, {}, heard=heard), application, event)
    assert effect.settled < NEVER and effect.announced < NEVER


def test_events_are_posted_alone_and_every_so_many_of_them_looked_at():
    application = FakeApplication()
    events = [{"user_id": "u"}] * 6
    load = load_generators.steady(Running(None, application, False, {}), events, 1000.0, 3)
    assert len(load.effects) == 2 and len(load.accepted) == 4


def test_what_is_refused_is_counted_and_has_no_time():
    application = FakeApplication()
    application.post = lambda path, value: Answer(500, None, {"title": "no"}, 0.0)
    load = load_generators.steady(Running(None, application, False, {}), [{"user_id": "u"}] * 4, 1000.0, 2)
    assert (load.accepted, load.effects, len(load.refused)) == ([], [], 4)
    load = load_generators.burst(Running(FakeGraph(False), application, False, {}), [[{"user_id": "u"}]], 1000.0)
    assert load.refused == ["HTTP 500: {'title': 'no'}"] and load.accepted == []


def test_a_quantity_is_sampled_while_something_runs():
    samples = []
    with backlog.sampled(lambda: 7, samples):
        time.sleep(0.01)
    assert samples and samples[0][1] == 7


def measured(name, **more):
    floor = [0.002] * 99 + [0.010]
    steady = Load(accepted=[0.02], effects=[Effect(0.04, 0.1, 0.15)] * 99 + [Effect(NEVER, NEVER)])
    burst = Load(accepted=[0.3], backlog=[(0, 0), (1, 50), (2, 100)], drained=1.5)
    found = Measured(name, {"events": 10}, True, True, waited=2.0, floor=floor, steady=steady, burst=burst)
    found.cost = Cost(0.005, 0.01, {"neo4j": 0.004, "serve": 0.002, "follower": 0.004})
    found.idle = {"neo4j": 0.02, "serve": 0.0, "follower": 0.015}
    found.reads_steady, found.reads_burst = [0.05], [0.2]
    found.rest = [{"asked": "computed live", "clients": 1, "p50 ms": 6.0, "p99 ms": 30.0}]
    found.rest.append({"asked": "computed live", "clients": 4, "p50 ms": 9.0, "p99 ms": 30.0, "requests/s": 260.0})
    for key, value in more.items():
        setattr(found, key, value)
    return found


def test_the_table_sets_targets_beside_figures_and_names_where_they_are_missed():
    large = measured("large", cost=Cost(0.005, 0.03, {"neo4j": 0.014, "serve": 0.002, "follower": 0.004}, users=1.6))
    rows = {row["figure"]: row for row in live_table.rows([measured("small"), large])}
    assert rows["event to changed answer, p50 ms"] == {
        "figure": "event to changed answer, p50 ms",
        "target": "≤ 50",
        "small": 40.0,
        "large": 40.0,
        "missed": "",
    }
    assert rows["event to changed answer, p50 / floor"]["small"] == 20.0
    assert rows["not changed in time, events"]["missed"] == "small, large"
    assert rows["event to all effects served, p50 ms"]["small"] == 100.0
    assert rows["event to message on the stream, p50 ms"]["small"] == 150.0
    assert rows["backlog at 200 events/s, marks/s"]["small"] == 50.0
    assert rows["idle, follower, % of a processor"]["small"] == 1.5
    assert rows["not settled in time, events"]["small"] == 1
    assert rows["computed live at rest, 4 clients, requests/s"] | {} == {
        "figure": "computed live at rest, 4 clients, requests/s",
        "target": "",
        "small": 260.0,
        "large": 260.0,
        "missed": "",
    }
    assert rows["unchanged at rest, p50 ms"]["small"] == "–"
    growth = rows["cost of an event / the first home's"]
    assert (growth["small"], growth["large"], growth["missed"]) == (1.0, 2.0, "large")
    growth = rows["cost of a user to bring up to date / the first home's"]
    assert (growth["small"], growth["large"], growth["missed"]) == (1.0, 1.25, "")


def test_what_never_came_is_shown_as_such_and_misses_its_target():
    late = measured("late", steady=Load(effects=[Effect(NEVER, NEVER)]))
    rows = {row["figure"]: row for row in live_table.rows([late])}
    assert rows["event to changed answer, p99 ms"]["late"] == "∞"
    assert rows["event to changed answer, p99 ms"]["missed"] == "late"
    json.dumps(list(rows.values()), allow_nan=False)


def test_without_a_follower_nothing_that_it_does_is_shown():
    rows = {row["figure"]: row for row in live_table.rows([measured("alone", follows=False)])}
    for figure in (
        "event to all effects served, p50 ms",
        "backlog at 200 events/s, marks/s",
        "drained after the last event, s",
    ):
        assert rows[figure]["alone"] == "–" and rows[figure]["missed"] == ""
    assert rows["event to changed answer, p50 ms"]["alone"] == 40.0
    assert live_table.rows([Measured("empty", {}, False, False)])
    assert "1 worker" in live_table.title(Namespace(seconds=30, workers=1))


def test_a_target_is_the_most_that_a_figure_may_be():
    assert Target(2).missed(2.1) and not Target(2).missed(2)
    assert str(Target(2)) == "≤ 2"


def test_later_events_are_handed_out_once(tmp_path):
    (tmp_path / LATER).write_text("".join(json.dumps({"event_id": n}) + "\n" for n in range(5)))
    prepared = Prepared("mine", None, counts={"later": 5})
    prepared.write(tmp_path)
    assert [row["event_id"] for row in prepared.take(tmp_path, 3)] == [0, 1, 2]
    again = Prepared.read(tmp_path)
    assert [row["event_id"] for row in again.take(tmp_path, 2)] == [3, 4]
    with pytest.raises(InputError, match="0 later events left of 1"):
        again.take(tmp_path, 1)
    with pytest.raises(InputError, match="was not prepared"):
        Prepared.read(tmp_path / "nowhere")
