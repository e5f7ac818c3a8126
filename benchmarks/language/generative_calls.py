"""The number of questions to a generative model: for N users, for an unchanged graph, and with a small context.

    python benchmarks/language/generative_calls.py [--users 1 20 100] [--contexts 16384 4096] [--events N] [--json]

Users of a planted world with N events each are collected into a scratch server and read by `extract` with a scripted
endpoint in place of a model, which counts what it is asked and says nothing of anybody. Items are read first, in a run
that is not counted, so that what is counted is about users.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.load.scratch_server import clear, scratch_server
from benchmarks.measures import tables
from benchmarks.worlds.planted_world import END
from benchmarks.worlds.titles import item_rows
from gnn.extract.stage import extract
from gnn.llm.language_model import LanguageModel
from graphstore.collect.stage import collect
from graphstore.collect.store import collect_events
from graphstore.database.client import Client
from graphstore.settings import Settings
from tests.fixtures.scripted_endpoint import ScriptedEndpoint, Turn, says

Row = dict[str, Any]
ITEMS, HOUR = 300, 3_600


def silent_model(body: Row) -> Turn:
    """An answer about everybody that it was asked about, with nothing in it."""
    ((what, rows),) = json.loads(body["messages"][-1]["content"]).items()
    number, inner = {"users": ("user", "interests"), "items": ("item", "about")}[what]
    return says({what: [{number: row[number], inner: []} for row in rows]})


def events(users: int, each: int) -> Iterator[Row]:
    """Events of so many users, dated."""
    for user in range(users):
        for n in range(each):
            item = f"i{(user * 7 + n * 13) % ITEMS:06}"
            row = {"event_id": f"{user}|{n}", "user_id": f"u{user}", "item_id": item, "kind": "like"}
            yield row | {"timestamp": END - HOUR * (n + 1)}


def measure(client: Client, users: int, each: int, context: int, folder: Path) -> Row:
    """What is asked about users who are new to the model, then about the same graph again."""
    clear(client)
    items = folder / "items.jsonl"
    items.write_text("".join(json.dumps(row) + "\n" for row in item_rows(ITEMS)), encoding="utf-8")
    collect(client, items=items)
    settings = Settings(home=folder)
    asked = []
    with ScriptedEndpoint(silent_model) as endpoint:
        for step in ("items", "changed", "unchanged"):
            if step == "changed":
                collect_events(client, list(events(users, each)))
            before = len(endpoint.bodies)
            model = LanguageModel(endpoint.url, "scripted", folder / f"answers-{context}-{users}")
            extract(client, settings, model=model, context=context)
            asked.append(len(endpoint.bodies) - before)
    named = dict(zip(("questions about items", "questions", "questions, unchanged"), asked, strict=True))
    return {"changed users": users, "context, tokens": context, **named}


def main() -> None:
    """Count and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[1, 20, 100], help="changed users (default 1 20 100)")
    parser.add_argument("--contexts", type=int, nargs="+", default=[16_384, 4_096], help="tokens (default 16384 4096)")
    parser.add_argument("--events", type=int, default=15, help="of each user (default 15, as many as are shown)")
    options = parser.parse_args()
    rows = []
    with scratch_server() as client:
        for context in options.contexts:
            for users in options.users:
                with tempfile.TemporaryDirectory() as folder:
                    rows.append(measure(client, users, options.events, context, Path(folder)))
    tables.show(
        "Questions to a generative model (target: one for 20 changed users, none unchanged)", rows, options.json
    )


if __name__ == "__main__":
    main()
