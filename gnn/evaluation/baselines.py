"""Baselines of every comparison. Each is a function of the events alone, and returns lists.

| name | what it is | settings chosen on held-out training events |
|---|---|---|
| most popular | items with the most users | none |
| recently popular | count of events that decays | half-life in days |
| item-kNN | cosine of items | none |
| time-decayed item-kNN | the same with time | half-lives of pairs and of a user's items |
| windowed item Markov | steps from item to item | window, direction, half-life of a user's items |
| EASE | closed-form regression over all items | regularisation |
| time-decayed EASE | the same with time | regularisation, half-lives of pairs and of a user's items |
| implicit ALS | matrix factorisation | weight of an event, regularisation |
| LightGCN | a graph network without features | when to stop |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np
from threadpoolctl import threadpool_limits

from gnn.evaluation.baseline_tuning import Note, ignore, tuning_slice
from gnn.evaluation.ease import ease, time_decayed_ease
from gnn.evaluation.factorisation import implicit_als
from gnn.evaluation.item_neighbours import item_knn, item_markov, time_decayed_item_knn
from gnn.evaluation.top_items import Lists, binary, has_times, ranked, threads
from graphstore.build.similarity import log_popularity
from graphstore.errors import InputError
from graphstore.interactions import Interactions
from graphstore.progress import Progress, silent

RECENT_HALF_LIVES = (14.0, 3.0, 7.0, 30.0, 90.0, 180.0)

Baseline = Callable[[Interactions, int, Note], Lists]


def most_popular(events: Interactions, k: int) -> Lists:
    """The items with the most users, of any time."""
    counts = np.asarray(binary(events).sum(axis=0)).ravel()
    return ranked(events, k, lambda _: counts)


def recently_popular(events: Interactions, k: int, note: Note = ignore) -> Lists:
    """The items with the largest count of events that decays with time."""
    if not has_times(events):
        return most_popular(events, k)
    part = tuning_slice(events, most_items=None)
    tried = {days: part.ndcg(_same_for_all(_recent(part.events, days))) for days in RECENT_HALF_LIVES}
    half_life = max(tried, key=lambda days: tried[days])
    note(f"recently popular: half-life {half_life:g} days, the best of {len(tried)} on held-out training events.")
    return ranked(events, k, _same_for_all(_recent(events, half_life)))


def _recent(events: Interactions, half_life: float) -> np.ndarray:
    """(I,) ranks of items by decayed counts, 1 for the lowest; 0 for items without events. Ranks can't underflow."""
    logs = log_popularity(events, half_life)
    known = np.isfinite(logs)
    places = np.searchsorted(np.unique(logs[known]), logs) + 1.0
    return np.where(known, places, 0.0)


def _same_for_all(values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rows: np.broadcast_to(values, (len(rows), len(values)))


def lightgcn(events: Interactions, k: int, note: Note = ignore) -> Lists:
    """A graph network over users and items alone, with bounded training time: see `gnn.evaluation.lightgcn`."""
    from gnn.evaluation.lightgcn import lightgcn as trained  # loads torch

    return trained(events, k, note)


BASELINES: dict[str, Baseline] = {
    "most popular": lambda events, k, note: most_popular(events, k),
    "recently popular": recently_popular,
    "item-kNN": item_knn,
    "time-decayed item-kNN": time_decayed_item_knn,
    "windowed item Markov": item_markov,
    "EASE": ease,
    "time-decayed EASE": time_decayed_ease,
    "implicit ALS": implicit_als,
    "LightGCN": lightgcn,
}
ALL = tuple(BASELINES)
QUICK = ("most popular", "recently popular", "item-kNN")
TIME_AWARE = {
    "recently popular": "most popular",
    "time-decayed item-kNN": "item-kNN",
    "windowed item Markov": "item-kNN",
    "time-decayed EASE": "EASE",
}


def named(text: str) -> tuple[str, ...]:
    """The baselines of a comma-separated text such as "most-popular,ease"; all for "all", no baseline for "none".

    Raises:
        InputError: a name is not known.
    """
    if text.strip().casefold() in ("all", "none"):
        return ALL if text.strip().casefold() == "all" else ()
    known = {slug(name): name for name in BASELINES}
    asked = [slug(part) for part in text.split(",") if part.strip()]
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        what = f"{unknown[0][:60]!r} is not one of them" if unknown else "none was named"
        raise InputError(f"baselines: {what}: expected all, none, or some of {','.join(known)}.")
    return tuple(dict.fromkeys(known[name] for name in asked))


def slug(name: str) -> str:
    """A name for the command line and for file names: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


def baseline_lists(
    events: Interactions, k: int, names: Iterable[str] = ALL, *, note: Note = ignore, progress: Progress = silent
) -> dict[str, Lists]:
    """For each named baseline the lists of all users of the events, best first, with at most k items."""
    names = tuple(names)
    stepped_back = {name: TIME_AWARE[name] for name in names if name in TIME_AWARE and not has_times(events)}
    if stepped_back:
        pairs = "; ".join(f"{name} as {static}" for name, static in stepped_back.items())
        note(f"No training event has a time: baselines that use time step back to their static forms ({pairs}).")
    lists: dict[str, Lists] = {}
    for done, name in enumerate(names):
        progress("baselines", done, len(names))
        known = lists.get(stepped_back.get(name, ""))
        with threadpool_limits(threads()):
            lists[name] = BASELINES[name](events, k, note) if known is None else known
    progress("baselines", len(names), len(names))
    return lists
