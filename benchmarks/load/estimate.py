"""What each stage needs, beside what `interestgraph estimate` says: processor time, time, memory, disk, followers.

    python benchmarks/load/estimate.py DATASET... [--data FOLDER] [--json]

DATASET: a data set of `timelines.py` (living-10k, ml-100k, …), world:USERS,ITEMS,EVENTS (generated), or NAME=FOLDER
with events.jsonl in it (and items, users, ties likewise).

Each data set gets a scratch home with a Neo4j of its own. The stages run one after the other as the commands that a
user types, each in a process of its own: its processor time is what the system counted for it, its memory the highest
resident size that was seen, ten times a second. Neo4j's processor time is the difference over the stage. Then
`update --follow` and `serve` start, the last EVENTS_LATER events are collected, and the memory of every one of their
processes is read.

`interestgraph estimate` for the same numbers of users, items and events gives what is to be compared with.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load.prepared_graphs import environment_of
from benchmarks.load.processes import following, interestgraph, served
from benchmarks.measures import tables
from benchmarks.measures.shared_scripts import shared_folder
from benchmarks.measures.splits import read_events, write_rows
from benchmarks.measures.timelines import NAMES, timeline
from benchmarks.worlds import generator
from benchmarks.worlds.planted_world import Plan
from graphstore.errors import InputError

LOOK_SECONDS = 0.1
EVENTS_LATER = 200
FOLLOW_SECONDS = 25.0  # after which the followers have loaded the model, and worked on the later events
FOLDERS = {
    "store": "neo4j/data/databases",
    "transaction logs": "neo4j/data/transactions",
    "models": "models",
    "cache": "cache",
}
PARTS = ("items", "users", "ties", "events")
Row = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """One command. cpu: seconds of processor time.  memory: the highest resident size, in bytes."""

    seconds: float
    cpu: float
    memory: int
    answer: Row


def ran(arguments: list[str], environment: Mapping[str, str]) -> Ran:
    """Run `interestgraph …` and measure its process."""
    command = [sys.executable, "-m", "interestgraph", *arguments, "--json"]
    began = time.perf_counter()
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE)
    peak = [0]
    watch = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
    watch.start()
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.join()
    if process.returncode:
        raise SystemExit(f"interestgraph {' '.join(arguments)} ended with {process.returncode}: {said.decode()}")
    return Ran(time.perf_counter() - began, used.ru_utime + used.ru_stime, peak[0], json.loads(said))


def _watch(pid: int, peak: list[int]) -> None:
    try:
        process = psutil.Process(pid)
        while process.status() != psutil.STATUS_ZOMBIE:
            peak[0] = max(peak[0], process.memory_info().rss)
            time.sleep(LOOK_SECONDS)
    except psutil.NoSuchProcess:
        pass


def written(name: str, folder: Path, data: Path | None) -> dict[str, int]:
    """Write a data set's files into a folder; events.jsonl lacks the last EVENTS_LATER, which are in later.jsonl."""
    rows: dict[str, Iterable[Row]] = {}
    if name.startswith("world:"):
        people, things, events = (int(number) for number in name.removeprefix("world:").split(","))
        made, _ = generator.generated(Plan(users=people, items=things, events=events + EVENTS_LATER))
        rows = {"items": made.items(), "users": made.users(), "ties": made.ties() if made.ties else ()}
        found = list(made.events())
    elif "=" in name:
        place = Path(name.partition("=")[2])
        for what in PARTS[:-1]:
            if (path := place / f"{what}.jsonl").is_file():
                rows[what] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        found = read_events(place / "events.jsonl")
    else:
        cut = timeline(name, data)
        history = cut.history
        rows = {"items": history.items(), "users": history.users(), "ties": history.ties() if history.ties else ()}
        found = [*history.events(), *islice(cut.later(), EVENTS_LATER)]
    rows |= {"events": found[:-EVENTS_LATER], "later": found[-EVENTS_LATER:]}
    for what, each in rows.items():
        write_rows(folder / f"{what}.jsonl", each)
    known = {row["item_id"] for row in rows.get("items", ())} if isinstance(rows.get("items"), list) else set()
    if not known and (folder / "items.jsonl").is_file():
        with (folder / "items.jsonl").open(encoding="utf-8") as lines:
            known = {json.loads(line)["item_id"] for line in lines}
    all_items = known | {row["item_id"] for row in found[:-EVENTS_LATER]}
    active = {row["user_id"] for row in found[:-EVENTS_LATER]}
    return {"users": len(active), "items": len(all_items), "events": len(found) - EVENTS_LATER}


def size_of(folder: Path) -> int:
    """Bytes of a folder's files as they lie on the disk."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def measure(name: str, data: Path | None) -> tuple[list[Row], Row]:
    """The measured rows of a data set, a row for each stage or program, and its size."""
    with tempfile.TemporaryDirectory(prefix="interestgraph-benchmark-") as temporary:
        home, folder = Path(temporary) / "home", Path(temporary) / "data"
        folder.mkdir()
        home.mkdir()
        size = written(name, folder, data)
        environment = environment_of(home)
        label = name.partition("=")[0]
        try:
            rows = measured(label, home, folder, environment)
        finally:
            interestgraph("server", "stop", "--json", environment=environment)
        return rows + [_only(label, what, size_of(home / place) / 1e6) for what, place in FOLDERS.items()], size


def measured(name: str, home: Path, folder: Path, environment: Mapping[str, str]) -> list[Row]:
    """Every stage, then what lasts."""
    server = psutil.Process(ran(["server", "start"], environment).answer["pid"])
    files = [f"--{what}={folder / what}.jsonl" for what in PARTS if (folder / f"{what}.jsonl").is_file()]
    rows = []
    for stage, arguments in {
        "collect": ["collect", *files],
        "extract": ["extract"],
        "build": ["build"],
        "update": ["update", "--full"],
    }.items():
        print(f"{name}: {stage}", file=sys.stderr, flush=True)
        before = sum(server.cpu_times()[:2])
        one = ran(arguments, environment)
        row = {"data set": name, "what": stage, "seconds": one.seconds, "cpu": one.cpu}
        row |= {"cpu of Neo4j": sum(server.cpu_times()[:2]) - before, "MB": one.memory / 1e6}
        rows.append(row | {"MB of Neo4j": server.memory_info().rss / 1e6, "note": _note(one.answer)})
    return rows + lasting(name, folder, environment)


def _note(answer: Row) -> str:
    metrics = answer.get("metrics") or {}
    return f"epochs {metrics.get('epoch', '')}+{len(metrics.get('losses', ()))}" if metrics else ""


def lasting(name: str, folder: Path, environment: Mapping[str, str]) -> list[Row]:
    """The memory of the programs that stay."""
    print(f"{name}: follow, serve", file=sys.stderr, flush=True)
    interestgraph("keys", "create", "measure", "--json", environment=environment)
    with following(environment, 1) as follower, served(environment) as web:
        time.sleep(FOLLOW_SECONDS / 2)
        interestgraph("collect", "--events", str(folder / "later.jsonl"), "--json", environment=environment)
        time.sleep(FOLLOW_SECONDS / 2)
        supervisor = psutil.Process(follower.pid)
        processes = [supervisor, *supervisor.children(recursive=True)]
        sizes = {" ".join(process.cmdline()[-2:]): process.memory_info().rss for process in processes}
        rows = [_only(name, f"follow: {what}", size / 1e6) for what, size in sizes.items()]
        return [*rows, _only(name, "serve, started", psutil.Process(web.pid).memory_info().rss / 1e6)]


def _only(name: str, what: str, megabytes: float) -> Row:
    empty = {"seconds": "", "cpu": "", "cpu of Neo4j": ""}
    return {"data set": name, "what": what, **empty, "MB": megabytes, "MB of Neo4j": "", "note": ""}


def main() -> None:
    """Measure every data set named, and print what was measured."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="+", metavar="DATASET", help=f"{', '.join(NAMES)}, world:…, NAME=FOLDER")
    parser.add_argument("--data", type=Path, help="the folder with the data sets by name (default: the shared one's)")
    options = parser.parse_args()
    shared = shared_folder()
    data = options.data or (shared / "data" if shared else None)
    rows: list[Row] = []
    sizes = {}
    try:
        for name in options.datasets:
            found, sizes[name] = measure(name, data)
            rows += found
    except InputError as error:
        raise SystemExit(str(error)) from error
    tables.show(f"Measured: {sizes}", rows, options.json)


if __name__ == "__main__":
    main()
