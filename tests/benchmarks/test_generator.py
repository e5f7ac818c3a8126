"""The planted world: reproducible, in order, and with behaviour that follows from the interests that were planted."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks.worlds import generator, planted
from benchmarks.worlds.planted_world import NOISE, NONE, SHORT, Episodes, Plan
from graphstore.collect.files import rows_source
from graphstore.collect.validation import check_event, check_item, check_line, check_tie, check_user
from graphstore.kinds import KINDS

ROOT = Path(__file__).parents[2]
PLAN = Plan(users=800, items=600, events=20_000)


@pytest.fixture(scope="module")
def world():
    return planted.draw(PLAN)


def rows_of(plan):
    dataset, world = generator.generated(plan)
    parts = (dataset.items(), dataset.users(), dataset.events(), dataset.ties(), generator.truth_rows(world))
    return [list(rows) for rows in parts]


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    plan = replace(PLAN, events=3_000)
    assert rows_of(plan) == rows_of(plan)
    other = rows_of(replace(plan, seed=1))
    assert all(ours != theirs for ours, theirs in zip(rows_of(plan), other, strict=True))


def test_every_row_is_one_that_collect_takes(world):
    dataset = generator.dataset_of(world)
    checks = {"items": check_item, "users": check_user, "ties": check_tie, "events": partial(check_event, KINDS)}
    for name, check in checks.items():
        rows = getattr(dataset, name)()
        problems = [check_line(line, check).problem for line in rows_source(name, rows).lines]
        assert problems and not any(problems), name


def test_events_come_in_the_order_of_time_with_ids_of_their_own_and_none_in_the_future(world):
    events = list(generator.event_rows(world))
    times = [event["timestamp"] for event in events]
    ids = [event["event_id"] for event in events]
    assert len(events) == PLAN.events and times == sorted(times)
    assert len(set(ids)) == len(ids) and ids == sorted(ids)
    assert PLAN.start <= times[0] and times[-1] < PLAN.end < time.time()
    known = [
        {row[key] for row in rows}
        for key, rows in (("user_id", generator.user_rows(world)), ("item_id", generator.item_rows(world)))
    ]
    assert {event["user_id"] for event in events} <= known[0] and {event["item_id"] for event in events} <= known[1]


def test_a_part_of_the_events_and_the_rest_are_all_of_them(world):
    first, rest = (list(generator.event_rows(world, part)) for part in (slice(0, 15_000), slice(15_000, None)))
    assert len(first) == 15_000 and first + rest == list(generator.event_rows(world))


def test_nobody_acts_before_they_joined_and_nothing_is_chosen_before_it_is_born(world):
    events = world.events
    assert (events.at >= world.users.joined[events.user]).all()
    assert (events.at >= world.items.born[events.item]).all()


def test_as_many_users_change_as_planned_and_care_for_other_topics_from_then_on(world):
    users = world.users
    changed = users.changed < PLAN.end
    assert abs(changed.mean() - PLAN.drifting) < 0.06
    for before, after in zip(users.topics[changed].tolist(), users.later[changed].tolist(), strict=True):
        assert not {topic for topic in before if topic != NONE} & {topic for topic in after if topic != NONE}
    assert (users.topics[~changed] == users.later[~changed]).all()
    assert not planted.draw(replace(PLAN, events=100, drifting=0.0)).users.changed.min() < PLAN.end


def test_the_shares_of_noise_and_of_short_episodes_are_as_planned(world):
    cause = world.events.cause
    assert abs((cause == NOISE).mean() - PLAN.noise) < 0.02
    assert 0.02 < (cause == SHORT).mean() < 0.15


def test_choices_follow_the_interests_of_that_time_and_not_those_of_another(world):
    events, users = world.events, world.users
    assert generator.lift(world) > 4
    about = generator._bits(world.items.topics)[events.item]
    changed = users.changed[events.user]
    before, after = (generator._bits(held)[events.user] for held in (users.topics, users.later))
    for then, now, otherwise in ((events.at < changed, before, after), (events.at >= changed, after, before)):
        rows = then & (changed < PLAN.end)
        assert ((now & about)[rows] != 0).mean() > 4 * ((otherwise & about)[rows] != 0).mean()


def test_with_noise_alone_interests_explain_nothing():
    world = planted.draw(replace(PLAN, noise=1.0))
    assert abs(generator.lift(world) - 1) < 0.2


def test_popular_items_take_most_of_the_events(world):
    counts = np.sort(np.bincount(world.events.item, minlength=PLAN.items))[::-1]
    assert counts[: PLAN.items // 10].sum() > 0.4 * PLAN.events


def test_sessions_belong_to_one_user_and_are_short(world):
    events = world.events
    order = np.argsort(events.session, kind="stable")
    session, user, at = events.session[order], events.user[order], events.at[order]
    first = np.flatnonzero(np.diff(session, prepend=-1))
    assert (np.maximum.reduceat(user, first) == np.minimum.reduceat(user, first)).all()
    assert (np.maximum.reduceat(at, first) - np.minimum.reduceat(at, first)).max() <= planted.SESSION_SECONDS
    assert 3 < PLAN.events / len(first) < 6


def test_who_follows_whom_mostly_cares_for_the_same(world):
    ties, most = world.ties, world.users.topics[:, 0]
    assert len(np.unique(ties.user)) / PLAN.users == pytest.approx(PLAN.following, abs=0.08)
    assert (ties.user != ties.follows).all()
    assert (most[ties.user] == most[ties.follows]).mean() > 0.6


def test_an_episode_is_found_while_it_lasts_and_at_no_other_time():
    episodes = Episodes(*(np.array(column) for column in ([0, 0, 1], [3, 4, 5], [100, 300, 100], [200, 400, 900])))
    plan = Plan(users=2, items=1, events=1, days=1, end=86_400)
    asked = [(0, 99), (0, 100), (0, 199), (0, 200), (0, 350), (1, 500), (1, 900)]
    found = planted.episode_at(plan, episodes, *(np.array(column) for column in zip(*asked, strict=True)))
    assert found.tolist() == [NONE, 3, 3, NONE, 4, 5, NONE]


def test_a_plan_that_can_not_be_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        planted.draw(replace(PLAN, items=0))
    with pytest.raises(ValueError, match="between 0 and 1"):
        planted.draw(replace(PLAN, noise=1.5))


def test_the_command_writes_the_files_and_says_how_many_rows_they_have(tmp_path):
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / "worlds" / "generator.py"),
        "--output",
        str(tmp_path),
        "--json",
    ]
    command += ["--users", "50", "--items", "40", "--events", "500"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    for name in ("items", "users", "ties", "events", "truth"):
        assert len((tmp_path / f"{name}.jsonl").read_text().splitlines()) == row[name]
    assert row["events"] == 500
