"""Small graphs with known answers."""

from storing import store

from graphstore.build import build

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
    store(client, folder, items, users, ties, events)
    return build(client, **options)
