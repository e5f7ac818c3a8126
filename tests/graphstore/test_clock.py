"""The graph's clock: a few events after a pause, or with a wrong year, don't make the rest look old."""

import numpy as np
import pytest

from graphstore.clock import LEAST_EVENTS, UNDATED, GraphClock

NOW = 20_000.0


def steady(count=5_000, days=1_500.0, end=NOW):
    """Times that are spread evenly over some days up to an end."""
    return np.linspace(end - days, end, count)


def test_a_living_graph_has_the_time_of_its_latest_event():
    clock = GraphClock.of(steady())
    assert (clock.now, clock.pause) == (NOW, 0.0)
    assert np.array_equal(clock.on(steady()), steady())


def test_nights_weekends_and_a_quiet_summer_are_no_pauses():
    day = steady(20_000, 730.0)
    day = day[
        ((day % 1) > 0.4) & ((day % 7) > 2) & ((day % 365 < 100) | (day % 365 > 160) | (np.arange(20_000) % 50 == 0))
    ]
    assert GraphClock.of(day).now == day.max()


def test_a_growing_graph_has_the_time_of_its_latest_event():
    clock = GraphClock.of(NOW - 60 * np.log2(1 / np.random.default_rng(0).uniform(1e-4, 1, 5_000)))
    assert clock.pause == 0.0 and clock.now == pytest.approx(NOW, abs=1)


@pytest.mark.parametrize("stray", [NOW + 3_000, NOW + 400_000])
def test_one_event_after_a_pause_or_with_a_wrong_year_moves_the_clock_by_little(stray):
    clock = GraphClock.of(np.append(steady(), stray))
    assert NOW < clock.now < NOW + 2
    assert (clock.after, clock.pause) == (NOW, pytest.approx(stray - NOW, abs=2))
    assert np.array_equal(clock.on(steady()), steady())
    assert clock.on(np.array([stray]))[0] == pytest.approx(clock.now)


def test_one_event_with_a_year_long_ago_changes_nothing():
    clock = GraphClock.of(np.append(steady(), 0.0))
    assert (clock.now, clock.pause) == (NOW, 0.0)


def test_fifty_events_after_eight_years_leave_the_others_young():
    late = NOW + 2_922 + np.linspace(0, 0.05, 50)
    clock = GraphClock.of(np.concatenate([steady(), late]))
    assert NOW + 30 < clock.now < NOW + 120
    on = clock.on(late)
    assert (np.diff(on) >= 0).all() and on[-1] == clock.now and on[0] > NOW


def test_the_clock_catches_up_with_the_mass_of_events():
    """A graph that wakes up after eight years, at its old rate of 3.3 events a day."""
    lags = []
    for days in (1, 15, 150, 600):
        awake = NOW + 2_922 + np.linspace(0, days, round(days * 5_000 / 1_500))
        clock = GraphClock.of(np.concatenate([steady(), awake]))
        lags.append(awake.max() - clock.now)
        assert np.array_equal(np.argsort(clock.on(awake), kind="stable"), np.arange(len(awake)))
    assert lags[0] > 2_900 and lags[1] < lags[0] and lags[2] < lags[1] and lags[3] == 0


def test_times_after_a_pause_keep_their_distances():
    awake = NOW + 2_922 + np.linspace(0, 30, 100)
    clock = GraphClock.of(np.concatenate([steady(), awake]))
    assert np.allclose(np.diff(clock.on(awake)), 30 / 99)


@pytest.mark.parametrize("count", [1, LEAST_EVENTS - 1])
def test_few_events_have_no_mean_distance_and_the_latest_gives_the_time(count):
    assert GraphClock.of(np.arange(count) * 1_000.0).now == (count - 1) * 1_000.0


def test_without_times_there_is_no_time():
    clock = GraphClock.of(np.full(100, np.nan))
    assert np.isnan(clock.now) and np.isnan(UNDATED.now)
    assert clock.advanced(NOW).now == NOW
    assert clock.properties()["clock"] is None


def test_unknown_times_stay_unknown():
    clock = GraphClock.of(np.append(steady(), [np.nan, NOW + 3_000]))
    assert np.isnan(clock.on(np.array([np.nan]))).all()


def test_times_on_the_clock_give_the_same_clock():
    day = np.concatenate([steady(), NOW + 2_922 + np.linspace(0, 5, 50)])
    clock = GraphClock.of(day)
    assert GraphClock.of(clock.on(day)).now == pytest.approx(clock.now)


def test_each_of_some_more_events_moves_the_clock_by_its_pace_at_most():
    clock = GraphClock.of(steady())
    assert clock.advanced(NOW + 1_000, 3).now == pytest.approx(NOW + 3 * clock.pace)
    assert clock.advanced(NOW + 0.5, 3).now == NOW + 0.5
    assert clock.advanced(NOW - 5).now == NOW


def test_the_feed_keeps_the_clock():
    for day in (steady(), np.append(steady(), NOW + 3_000), np.arange(3.0)):
        clock = GraphClock.of(day)
        assert GraphClock.stored(clock.properties()) == clock
    assert GraphClock.stored(dict.fromkeys(("clock", "paused_after", "pause", "pace"))) is None


def test_calendar_times_of_the_clock_on_both_sides_of_a_pause():
    moments = GraphClock(100.0, after=90.0, pause=3_000.0, pace=1.0).moments()
    days = {name: moment.timestamp() / 86_400 for name, moment in moments.items()}
    assert days == {"as_of": 3_100.0, "as_of_before": 100.0, "paused_after": 90.0}
    assert GraphClock(100.0).moments()["paused_after"] is None
