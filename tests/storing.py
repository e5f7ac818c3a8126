"""Rows into the test graph, as a user would collect them."""

import json

from graphstore.collect import collect, collect_events


def store(client, folder, items=(), users=(), ties=(), events=()):
    """Collect rows; `folder` is where the files of items, users and ties are written."""
    files = {}
    for what, rows in (("items", items), ("users", users), ("ties", ties)):
        if rows:
            files[what] = folder / f"{what}.jsonl"
            files[what].write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if files:
        collect(client, **files)
    if events:
        counts = collect_events(client, list(events))
        assert counts.rejected_count == 0, counts.rejected
