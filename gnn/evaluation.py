"""evaluate: the stages on a training part in a scratch server, and what is then served scored on a test part.

What is scored is what is served: the lists come from the statement that answers a user.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from gnn import metrics
from gnn.baselines import BASELINES
from graphstore.client import Client
from graphstore.collect import collect
from graphstore.errors import InputError
from graphstore.interactions import Interactions
from graphstore.kinds import KINDS, Kind
from graphstore.progress import Progress, silent
from graphstore.reading import open_rows
from graphstore.recommend import recommend_all
from graphstore.records import parse_time
from graphstore.server import ManagedServer
from graphstore.settings import Settings

SERVED = "interestgraph"
DAY_SECONDS = 86_400.0
Rows = Sequence[Mapping[str, Any]]


def evaluate(
    train_file: str | Path,
    test_file: str | Path,
    items_file: str | Path | None = None,
    *,
    users_file: str | Path | None = None,
    ties_file: str | Path | None = None,
    k: int = 20,
    learn: bool = True,
    kinds: Mapping[str, Kind] = KINDS,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Run the stages on `train_file` in a scratch managed server and score the served lists on `test_file`.

    Files are those of `collect`. learn: whether extract and update run, the stages that load a language model and
    train; without them only the channels from behaviour and attributes are served.

    Returns:
        k, train and test (counts), stages (their counts), and systems: for what is served ("interestgraph") and
        each baseline the report of `gnn.metrics.score`.
    Raises:
        InputError: a file can't be read, training and test share events, or no user can be scored.
    """
    train, test = read_events(train_file), read_events(test_file)
    check_overlap(train, test)
    catalogue = _catalogue(items_file, train, test)
    with tempfile.TemporaryDirectory(prefix="interestgraph-evaluate-") as folder:
        settings = Settings(home=Path(folder))
        server = ManagedServer(settings.home / "neo4j", version=settings.neo4j_version)
        try:
            address = server.start()
            with closing(_migrated(address.bolt_uri, address.username, address.password, settings)) as client:
                stages: dict[str, Any] = {
                    "collect": collect(
                        client,
                        events=train_file,
                        items=items_file,
                        users=users_file,
                        ties=ties_file,
                        kinds=kinds,
                        progress=progress,
                    )
                }
                stages |= run_stages(client, settings, learn=learn, kinds=kinds, progress=progress)
                report = score_served(client, train, test, k=k, catalogue=catalogue, kinds=kinds, progress=progress)
        finally:
            server.kill()
    return report | {"stages": stages}


def _migrated(uri: str, username: str, password: str, settings: Settings) -> Client:
    from graphstore.schema import migrate

    client = Client(uri, username, password)
    migrate(client, settings)
    return client


def run_stages(
    client: Client,
    settings: Settings,
    *,
    learn: bool = True,
    kinds: Mapping[str, Kind] = KINDS,
    progress: Progress = silent,
) -> dict[str, Any]:
    """extract, build and update in full; returns their counts."""
    from graphstore.build import build

    stages: dict[str, Any] = {}
    if learn:
        from gnn.extraction import extract

        stages["extract"] = extract(client, settings, kinds=kinds, progress=progress)
    stages["build"] = build(client, kinds=kinds, progress=progress)
    if learn:
        from gnn.update import update

        stages["update"] = update(client, settings, full=True, kinds=kinds, progress=progress)
    return stages


def score_served(
    client: Client,
    train: Iterable[Mapping[str, Any]],
    test: Iterable[Mapping[str, Any]],
    *,
    k: int = 20,
    catalogue: Sequence[str] | None = None,
    kinds: Mapping[str, Kind] = KINDS,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Score what a graph that holds exactly `train` serves, and the baselines, on `test`.

    train, test: events as rows with user_id, item_id and, where known, timestamp.
    catalogue: ids of all items; those of train and test where None.

    Raises:
        InputError: training and test share events, or no user can be scored.
    """
    train, test = list(train), list(test)
    check_overlap(train, test)
    known, later = _by_user(train), _by_user(test)
    items = catalogue or sorted({item for part in (known, later) for chosen in part.values() for item in chosen})
    scorable = known.keys() | later.keys()
    served = {
        row["user_id"]: row["items"]
        for row in recommend_all(client, k=k, kinds=kinds, progress=progress)
        if row["user_id"] in scorable
    }
    events = interactions(train)
    lists = {SERVED: served} | {name: make(events, k) for name, make in BASELINES.items()}
    try:
        systems = {name: metrics.score(known, later, ranked, items) for name, ranked in lists.items()}
    except ValueError as error:
        raise InputError(f"Nothing to score: {error}.") from error
    return {
        "k": k,
        "train": {"events": len(train), "users": len(known)},
        "test": {"events": len(test), "users": len(later)},
        "catalogue": len(items),
        "systems": systems,
    }


def read_events(path: str | Path) -> list[dict[str, Any]]:
    """The rows of an events file (JSONL or CSV) as far as scoring needs them: ids as text, kind, timestamp, value.

    Raises:
        InputError: the file can't be read or has a row without user_id and item_id.
    """
    rows = []
    with open_rows(path) as source:
        for line in source.lines:
            row = line.row or {}
            user_id, item_id = row.get("user_id"), row.get("item_id")
            if line.problem or user_id in (None, "") or item_id in (None, ""):
                raise InputError(f"{path}, line {line.number}: {line.problem or 'an event needs user_id and item_id'}.")
            others = {key: row.get(key) for key in ("kind", "timestamp", "value", "event_id")}
            rows.append({"user_id": str(user_id), "item_id": str(item_id), **others})
    if not rows:
        raise InputError(f"{path}: there are no events in it.")
    return rows


def check_overlap(train: Rows, test: Rows) -> None:
    """Refuse test events that are also training events: they would be scored as if they had been foreseen.

    The same pair of user and item at another time is no overlap; without times it is.

    Raises:
        InputError: with the number of shared events.
    """
    known = {_event_key(row) for row in train}
    shared = sum(_event_key(row) in known for row in test)
    if shared:
        raise InputError(f"{shared:,} of {len(test):,} test events are training events too: split them by time.")


def _event_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row["user_id"], row["item_id"], row.get("kind"), _seconds(row))


def _seconds(row: Mapping[str, Any]) -> float | None:
    value = row.get("timestamp")
    if value is None or value == "":
        return None
    try:
        return parse_time(value).timestamp()
    except ValueError as error:
        raise InputError(f"timestamp {str(value)[:60]!r}: {error}.") from error


def _by_user(rows: Rows) -> dict[str, set[str]]:
    users: dict[str, set[str]] = {}
    for row in rows:
        users.setdefault(row["user_id"], set()).add(row["item_id"])
    return users


def _catalogue(items_file: str | Path | None, train: Rows, test: Rows) -> list[str]:
    ids = {str(row["item_id"]) for part in (train, test) for row in part}
    if items_file is not None:
        with open_rows(items_file) as source:
            ids |= {str(line.row["item_id"]) for line in source.lines if line.row and line.row.get("item_id")}
    return sorted(ids)


def interactions(rows: Rows) -> Interactions:
    """Events as columns, every event of weight 1: what the baselines read."""
    user_ids = sorted({row["user_id"] for row in rows})
    item_ids = sorted({row["item_id"] for row in rows})
    user_index = {user_id: index for index, user_id in enumerate(user_ids)}
    item_index = {item_id: index for index, item_id in enumerate(item_ids)}
    seconds = (_seconds(row) for row in rows)
    return Interactions(
        user_ids,
        item_ids,
        np.array([user_index[row["user_id"]] for row in rows], dtype=np.int64),
        np.array([item_index[row["item_id"]] for row in rows], dtype=np.int64),
        np.array([np.nan if s is None else s / DAY_SECONDS for s in seconds], dtype=float),
        np.ones(len(rows)),
    )
