"""Prepared INTERESTGRAPH_HOMEs: what each holds, and its graph while a benchmark uses it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from graphstore import Client, Settings, connect
from graphstore.connection import managed_server
from graphstore.errors import InputError

STATE, LATER = "benchmark.json", "later.jsonl"
STAGES = ("collect", "extract", "build", "update")


@dataclass
class Prepared:
    """What a home holds. done: the stages that have run.

    epochs: what its training was limited to.  counts: rows of each kind.  steps: seconds of each step of each stage.
    used: how many of the later events were posted already.
    """

    name: str
    epochs: int | None
    counts: dict[str, int] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    used: int = 0
    done: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, home: Path) -> Prepared:
        """What was noted of a home.

        Raises:
            InputError: nothing was: it was not prepared.
        """
        path = home / STATE
        if not path.is_file():
            raise InputError(f"{home} was not prepared: run benchmarks/load/prepare.py first.")
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def ready(cls, home: Path) -> Prepared:
        """What was noted of a home in which every stage has run.

        Raises:
            InputError: it was not prepared, or not to the end.
        """
        found = cls.read(home)
        if set(found.done) != set(STAGES):
            raise InputError(f"{home} was not prepared to the end: run benchmarks/load/prepare.py again.")
        return found

    def write(self, home: Path) -> None:
        """Note it."""
        (home / STATE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    def check(self, home: Path, count: int) -> None:
        """See that `count` later events are left.

        Raises:
            InputError: there are not so many any more.
        """
        left = self.counts["later"] - self.used
        if left < count:
            raise InputError(f"{home} has {left:,} later events left of {count:,}: fewer seconds, or prepare it anew.")

    def take(self, home: Path, count: int) -> list[dict[str, Any]]:
        """The next `count` events of what happens after the history; nobody gets them again.

        Raises:
            InputError: there are not so many any more.
        """
        self.check(home, count)
        with (home / LATER).open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in islice(lines, self.used, self.used + count)]
        self.used += count
        self.write(home)
        return rows


def settings_of(home: Path) -> Settings:
    """Settings of a home with its managed server, whatever NEO4J_URI says."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")}
    return Settings.from_environment({**others, "INTERESTGRAPH_HOME": str(home)})


def environment_of(home: Path) -> dict[str, str]:
    """The environment of a program that works on a home."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")}
    return {**others, "INTERESTGRAPH_HOME": str(home)}


@contextmanager
def graph_of(home: Path) -> Iterator[Client]:
    """A connection to the graph of a home; its server is stopped afterwards if it did not run before."""
    settings = settings_of(home)
    server = managed_server(settings)
    ran = server.status().running
    try:
        with connect(settings) as client:
            yield client
    finally:
        if not ran:
            server.stop()
