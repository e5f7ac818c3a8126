"""evaluate: run the stages on a training part in a scratch server, and score what it then serves on a test part.

The lists come from the code that answers a user. Only training rows, and descriptions of items and users, enter the
server; the test part is read by the scoring alone.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gnn.evaluation.baselines import ALL, QUICK, baseline_lists
from gnn.evaluation.confidence import versus_best
from gnn.evaluation.metrics import Scorer
from gnn.evaluation.report import write_lists
from gnn.evaluation.splits import Split, check_overlap, event, interactions, read_events, read_split, ties_until
from gnn.scratch_graph import DEFAULT_OPTIONS, StageOptions, scratch_graph
from graphstore.database.client import Client
from graphstore.errors import InputError
from graphstore.progress import Progress, silent
from graphstore.recommend.stage import recommend_all, recommend_unchosen
from graphstore.update.sampling import item_ids

__all__ = ["StageOptions", "evaluate", "read_events", "score_served"]

SERVED = "interestgraph"
COLD_DEPTH = 20
Report = dict[str, Any]


def evaluate(
    train_file: str | Path,
    test_file: str | Path,
    items_file: str | Path | None = None,
    *,
    users_file: str | Path | None = None,
    ties_file: str | Path | None = None,
    options: StageOptions = DEFAULT_OPTIONS,
    k: int = 20,
    baselines: Sequence[str] = ALL,
    lists_folder: str | Path | None = None,
    progress: Progress = silent,
) -> Report:
    """Run the stages on `train_file` in a scratch managed server and score the served lists on `test_file`.

    Files are those of `collect`.  options: how the stages run.  k: length of the lists.
    baselines: names out of `gnn.evaluation.baselines.BASELINES`.  lists_folder: where to write every system's lists.

    Returns:
        The report of `score_served`; cold_alone: items without a training event ranked among themselves (candidates,
        and where a user chose one users, recall@20 and its half-width, and the recall expected of a random order);
        stages: their counts; seconds: of the stages, of serving, and of scoring with the baselines.
    Raises:
        InputError: a file can't be read, training and test share events, or no user can be scored.
    """
    clock = Stopwatch()
    split = read_split(train_file, test_file, items_file, users_file)
    scorer = _scorer(split)
    with tempfile.TemporaryDirectory(prefix="interestgraph-evaluate-") as folder:
        ties, late = ties_until(ties_file, split.cut, Path(folder))
        files: dict[str, Any] = {"users_file": users_file, "ties_file": ties}
        with scratch_graph(train_file, items_file, **files, options=options, progress=progress) as (client, stages):
            clock.lap("stages")
            served = _served(client, split, k, progress)
            unchosen = _unchosen(client, split, COLD_DEPTH)
            clock.lap("serving")
    report = _report(split, scorer, served, k, baselines, lists_folder, progress)
    clock.lap("scoring")
    rejected = stages["collect"]["events"]["rejected"]
    if rejected:
        report["notes"].append(f"{rejected:,} training events were rejected by collect: the baselines know them.")
    if late:
        report["notes"].append(f"{late:,} ties are later than the last training event and were left out.")
    return report | {"cold_alone": _cold_alone(split, scorer, unchosen), "stages": stages, "seconds": clock.seconds}


class Stopwatch:
    """Seconds of consecutive parts."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End the part that began at the last lap."""
        now = time.perf_counter()
        self.seconds[name], self._last = round(now - self._last, 1), now


def score_served(
    client: Client,
    train: Iterable[Mapping[str, Any]],
    test: Iterable[Mapping[str, Any]],
    *,
    k: int = 20,
    baselines: Sequence[str] = QUICK,
    cold_alone: bool = False,
    cold_weights: Mapping[str, float] | None = None,
    progress: Progress = silent,
) -> Report:
    """Score what a graph with exactly the events of `train` serves, and the baselines, on `test`.

    train, test: events as rows with user_id, item_id and, where known, timestamp. Other items of the graph may be
    recommended too, and belong to the catalogue.  k: length of the lists.
    cold_alone: whether to rank items without a training event among themselves as well, as `evaluate` does.
    cold_weights: factors of channels in that ranking, as in a request; 1 where None.

    Returns:
        k, train and test (counts), catalogue (its size), unknown (see `Split.unknown`), notes (sentences), systems: for
        what is served ("interestgraph") and each baseline the report of `gnn.evaluation.metrics.Scorer.score`;
        versus_best: that of `gnn.evaluation.confidence.versus_best`; and cold_alone where asked for.
    Raises:
        InputError: training and test share events, or no user can be scored.
    """
    described: dict[str, set[Hashable]] = {item_id: set() for item_id in item_ids(client)}
    try:
        split = Split([event(row) for row in train], [event(row) for row in test], described)
    except ValueError as error:
        raise InputError(f"An event can't be read: {error}.") from error
    check_overlap(split.train, split.test)
    scorer = _scorer(split)
    report = _report(split, scorer, _served(client, split, k, progress), k, baselines, None, progress)
    if cold_alone:
        report["cold_alone"] = _cold_alone(split, scorer, _unchosen(client, split, COLD_DEPTH, cold_weights))
    return report


def _scorer(split: Split) -> Scorer:
    attributes = split.items if any(split.items.values()) else None
    try:
        return Scorer(split.known, split.later, split.catalogue, attributes=attributes, history=split.history)
    except ValueError as error:
        raise InputError(f"Nothing to score: {error}.") from error


def _served(client: Client, split: Split, k: int, progress: Progress) -> dict[str, list[str]]:
    """The lists of the users of the test part."""
    answers = recommend_all(client, k=k, user_ids=split.later.keys(), progress=progress)
    return {row["user_id"]: row["items"] for row in answers}


def _unchosen(client: Client, split: Split, k: int, weights: Mapping[str, float] | None = None) -> dict[str, list[str]]:
    """Lists of items without a training event, for users with training events and such an item in the test part."""
    users = [user for user, items in split.later.items() if user in split.known and items - split.known_items]
    return {row["user_id"]: row["items"] for row in recommend_unchosen(client, users, k, weights=weights)}


def _cold_alone(split: Split, scorer: Scorer, lists: Mapping[str, list[str]]) -> dict[str, Any]:
    cold = [item for item in split.catalogue if item not in split.known_items]
    found: dict[str, Any] = {"candidates": len(cold)}
    if lists:
        view = scorer.score(lists)[0]["cold_items"]
        found |= {key: view[key] for key in ("users", "recall@20", "recall@20_ci")}
        found["random"] = min(1.0, COLD_DEPTH / len(cold))
    return found


def _report(
    split: Split,
    scorer: Scorer,
    served: Mapping[str, list[str]],
    k: int,
    baselines: Sequence[str],
    lists_folder: str | Path | None,
    progress: Progress,
) -> Report:
    notes = split.notes(k)
    lists = {SERVED: served} | baseline_lists(
        interactions(split.train), k, baselines, note=notes.append, progress=progress
    )
    if lists_folder is not None:
        write_lists(Path(lists_folder), lists)
    systems, rows = {}, {}
    for done, (name, ranked) in enumerate(lists.items(), 1):
        systems[name], rows[name] = scorer.score(ranked)
        progress("score", done, len(lists))
    return {
        "k": k,
        "train": {"events": len(split.train), "users": len(split.known)},
        "test": {"events": len(split.test), "users": len(split.later)},
        "catalogue": len(split.catalogue),
        "unknown": split.unknown(),
        "notes": notes,
        "systems": systems,
        "versus_best": versus_best(rows, SERVED, scorer.bootstrap),
    }
