"""evaluate: the stages on a training part in a scratch server, and what is then served scored on a test part.

What is scored is what is served: the lists come from the statement that answers a user. Only training rows, and the
descriptions of items and users, enter the server; the test part is read by the scoring alone.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gnn.encoders.encoder import Encoder
from gnn.evaluation.baselines import ALL, QUICK, baseline_lists, slug
from gnn.evaluation.confidence import versus_best
from gnn.evaluation.metrics import Scorer
from gnn.evaluation.splits import Split, check_overlap, event, interactions, read_events, read_split
from graphstore.collect.files import open_rows
from graphstore.collect.records import parse_time
from graphstore.collect.stage import collect
from graphstore.database.client import Client
from graphstore.database.schema import migrate
from graphstore.errors import InputError
from graphstore.kinds import KINDS, Kind
from graphstore.progress import Progress, silent
from graphstore.recommend.stage import recommend_all, recommend_unchosen
from graphstore.server.managed import ManagedServer
from graphstore.settings import Settings
from graphstore.update.sampling import item_ids

__all__ = ["evaluate", "prepared_graph", "read_events", "run_stages", "score_served"]

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
    k: int = 20,
    learn: bool = True,
    baselines: Sequence[str] = ALL,
    lists_folder: str | Path | None = None,
    media: str | Path | None = None,
    seed: int = 0,
    encoder: Encoder | None = None,
    encoder_learns: str | None = None,
    kinds: Mapping[str, Kind] = KINDS,
    progress: Progress = silent,
) -> Report:
    """Run the stages on `train_file` in a scratch managed server and score the served lists on `test_file`.

    Files are those of `collect`. learn: whether extract and update run, the stages that load a language model and
    train; without them only the channels from behaviour and attributes are served.
    baselines: names out of `gnn.evaluation.baselines.BASELINES`.  lists_folder: where to write every system's lists.
    media: the folder that items' images and sounds are read in; the current one if None.  seed: of the training.
    encoder: that items are read by, the default if None.  encoder_learns: "adapt" or "end-to-end", from the training
    events, as `extract --adapt` and `update --end-to-end` do.

    Returns:
        The report of `score_served`, cold_alone (items without a training event ranked among themselves: candidates,
        and where somebody chose one users, recall@20 and its half-width, and what a random order is expected to
        reach), stages (their counts) and seconds (of the stages, of serving, and of scoring with
        the baselines).
    Raises:
        InputError: a file can't be read, training and test share events, or no user can be scored.
    """
    clock = Stopwatch()
    split = read_split(train_file, test_file, items_file, users_file)
    scorer = _scorer(split)
    with tempfile.TemporaryDirectory(prefix="interestgraph-evaluate-") as folder:
        ties, late = _ties_until(ties_file, split.cut, Path(folder))
        with prepared_graph(
            train_file,
            items_file,
            users_file=users_file,
            ties_file=ties,
            learn=learn,
            media=media,
            seed=seed,
            encoder=encoder,
            encoder_learns=encoder_learns,
            kinds=kinds,
            progress=progress,
        ) as (client, stages):
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
    """Seconds of one part after the other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End the part that has run since the last lap."""
        now = time.perf_counter()
        self.seconds[name], self._last = round(now - self._last, 1), now


@contextmanager
def prepared_graph(
    train_file: str | Path,
    items_file: str | Path | None = None,
    *,
    users_file: str | Path | None = None,
    ties_file: str | Path | None = None,
    learn: bool = True,
    media: str | Path | None = None,
    seed: int = 0,
    encoder: Encoder | None = None,
    encoder_learns: str | None = None,
    kinds: Mapping[str, Kind] = KINDS,
    progress: Progress = silent,
) -> Iterator[tuple[Client, dict[str, Any]]]:
    """A scratch managed server in which the stages have run on these files, and their counts; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="interestgraph-evaluate-") as folder:
        settings = Settings(home=Path(folder))
        server = ManagedServer(settings.home / "neo4j", version=settings.neo4j_version)
        files: dict[str, Any] = {"events": train_file, "items": items_file, "users": users_file, "ties": ties_file}
        try:
            address = server.start()
            with Client(address.bolt_uri, address.username, address.password, kinds=kinds) as client:
                migrate(client)
                stages: dict[str, Any] = {"collect": collect(client, **files, progress=progress)}
                options: dict[str, Any] = {"learn": learn, "media": media, "seed": seed, "encoder": encoder}
                options["encoder_learns"] = encoder_learns
                stages |= run_stages(client, settings, progress=progress, **options)
                yield client, stages
        finally:
            server.kill()


def run_stages(
    client: Client,
    settings: Settings,
    *,
    learn: bool = True,
    media: str | Path | None = None,
    seed: int = 0,
    encoder: Encoder | None = None,
    encoder_learns: str | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """extract, build and update in full; returns their counts."""
    from graphstore.build.stage import build

    stages: dict[str, Any] = {}
    if learn:
        from gnn.extract.stage import extract
        from gnn.media.files import MediaFiles

        files = MediaFiles(Path(media or "."))
        options: dict[str, Any] = {"encoder": encoder, "adapting": encoder_learns == "adapt", "seed": seed}
        stages["extract"] = extract(client, settings, files=files, progress=progress, **options)
    stages["build"] = build(client, progress=progress)
    if learn:
        from gnn.update.stage import update

        options = {"full": True, "end_to_end": encoder_learns == "end-to-end", "seed": seed}
        stages["update"] = update(client, settings, progress=progress, **options)
    return stages


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
    """Score what a graph that holds exactly `train` serves, and the baselines, on `test`.

    train, test: events as rows with user_id, item_id and, where known, timestamp. Items that the graph has beside
    theirs may be recommended too, and belong to the catalogue.
    cold_alone: whether to rank items without a training event among themselves as well, as `evaluate` does.
    cold_weights: factors of channels there, as a request may give them; 1 where None.

    Returns:
        k, train and test (counts), catalogue (its size), unknown (test users, items and events that nothing given for
        training names), notes (sentences), systems: for what is served ("interestgraph") and each baseline the report
        of `gnn.evaluation.metrics.Scorer.score`; versus_best: that of `gnn.evaluation.confidence.versus_best`; and
        cold_alone where asked for.
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
    """The lists of the users that the test part asks about."""
    answers = recommend_all(client, k=k, user_ids=split.later.keys(), progress=progress)
    return {row["user_id"]: row["items"] for row in answers}


def _unchosen(client: Client, split: Split, k: int, weights: Mapping[str, float] | None = None) -> dict[str, list[str]]:
    """Lists of items without a training event, for the users who chose one later."""
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
        _write_lists(Path(lists_folder), lists)
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


def _write_lists(folder: Path, lists: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """A file for each system: one line a user, user_id and items, best first."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, ranked in lists.items():
            with (folder / f"{slug(name)}.jsonl").open("w", encoding="utf-8") as stream:
                for user_id, items in ranked.items():
                    stream.write(json.dumps({"user_id": user_id, "items": list(items)}, ensure_ascii=False) + "\n")
    except OSError as error:
        raise InputError(f"{folder}: the lists can't be written there: {error.strerror}.") from error


def _ties_until(path: str | Path | None, cut: float | None, folder: Path) -> tuple[str | Path | None, int]:
    """The ties that were known at the cut, and how many were left out: those that are dated later."""
    if path is None or cut is None:
        return path, 0
    kept, late = [], 0
    with open_rows(path) as source:
        header, ending = source.header, source.format
        for line in source.lines:
            is_late = _dated_later(line.row, cut)
            late += is_late
            if not is_late:
                kept.append(line.raw)
    if not late:
        return path, 0
    target = folder / f"ties.{ending}"
    target.write_bytes(header + b"".join(raw if raw.endswith(b"\n") else raw + b"\n" for raw in kept))
    return target, late


def _dated_later(row: Mapping[str, Any] | None, cut: float) -> bool:
    try:
        return bool(row and row.get("timestamp")) and parse_time((row or {})["timestamp"]).timestamp() > cut
    except ValueError:
        return False  # collect rejects it, and says why
