"""Small graphs with known answers."""

from graphstore.build import build
from graphstore.collect import collect, collect_events

DAY = 86_400
NOW = 1_700_000_000


def rate(user, item, day=0.0, value=4.0, **more):
    """One event; `day` counts back from NOW."""
    return {
        "user_id": user,
        "item_id": item,
        "kind": "rate",
        "timestamp": NOW - day * DAY,
        "value": value,
        "event_id": f"{user}|{item}|{day}",
    } | more


def communities(users=6, items=8):
    """Two communities, "a" and "b", that share nothing; user n of each leaves out the item of number n."""
    return [
        rate(f"{side}-user{u}", f"{side}-item{i}", day=(u * items + i) / 10)
        for side in "ab"
        for u in range(users)
        for i in range(items)
        if i != u
    ]


def plant(client, events, *, items=(), users=(), ties=(), folder=None, **options):
    """Collect and build; `folder` is where files of items, users and ties are written."""
    import json

    files = {}
    for what, rows in (("items", items), ("users", users), ("ties", ties)):
        if rows:
            files[what] = folder / f"{what}.jsonl"
            files[what].write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if files:
        collect(client, **files)
    counts = collect_events(client, events)
    assert counts.rejected_count == 0, counts.rejected
    return build(client, **options)
