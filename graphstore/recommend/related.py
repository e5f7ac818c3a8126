"""Similar items, similar users and suggested friends."""

from __future__ import annotations

from typing import Any

from graphstore.database.client import Client
from graphstore.errors import InputError, NotFound
from graphstore.profiles.exploration import lucene_clause

MOST = 1000
WORDS = 20  # of an item's text that are looked for
SCANNED_ITEMS = 10_000  # of an attribute
NEAREST = 100  # items by vector, for lists that are no longer
SCANNED = 2000  # items of each user looked through for shared ones
FAN = 50  # users followed in each hop


def check_k(k: object) -> int:
    """Check the length of a list; returns it.

    Raises:
        InputError: not a whole number from 1 to 1000.
    """
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= MOST:
        raise InputError(f"k must be a whole number from 1 to {MOST}, not {str(k)[:40]!r}.")
    return k


def similar_items(client: Client, item_id: str, k: int = 10) -> list[dict[str, Any]]:
    """The k items most similar to an item: item_id, title, score, by ("behaviour" or, after these, "content"; for one
    that was not extracted yet "description", by attributes and words).

    Raises:
        NotFound: no such item.
    """
    check_k(k)
    item = _must_exist(client, "item", item_id)
    words = " ".join(text for text in (item["title"], item["description"]) if text).split()[:WORDS]
    text = " OR ".join(map(lucene_clause, words))
    return client.read(
        "recommend/related/similar_items",
        item_id=item_id,
        k=k,
        text=text,
        scanned=SCANNED_ITEMS,
        found=MOST + 1,
        nearest=max(k, NEAREST) + 1,
    )


def similar_users(client: Client, user_id: str, k: int = 10) -> list[dict[str, Any]]:
    """The k users most similar to a user: user_id, score, shared (up to three items of both, the least popular first).

    Raises:
        NotFound: no such user.
    """
    check_k(k)
    _must_exist(client, "user", user_id)
    return client.read("recommend/related/similar_users", user_id=user_id, k=k, scanned=SCANNED)


def suggested_friends(client: Client, user_id: str, k: int = 10) -> list[dict[str, Any]]:
    """Users whom a user might follow, best first: user_id, score, mutual, similarity, via, because.

    mutual: how many users that this user follows follow them; via: up to three of those.

    Raises:
        NotFound: no such user.
    """
    check_k(k)
    _must_exist(client, "user", user_id)
    rows = client.read("recommend/related/suggest_friends", user_id=user_id, k=k, fan=FAN)
    return [row | {"because": _because(row)} for row in rows]


def _because(row: dict[str, Any]) -> str:
    reasons = []
    if row["mutual"]:
        names = ", ".join(name[:40] for name in row["via"])
        more = row["mutual"] - len(row["via"])
        reasons.append(f"followed by {names}" + (f" and {more} more" if more > 0 else "") + ", whom you follow")
    if row["similarity"] > 0:
        reasons.append("chooses much the same as you")
    sentence = "; ".join(reasons)
    return sentence[:1].upper() + sentence[1:] + "."


def _must_exist(client: Client, what: str, key: str) -> dict[str, Any]:
    found = client.read(f"recommend/related/find_{what}", **{f"{what}_id": key})
    if not found:
        raise NotFound(f"There is no {what} {key[:100]!r} in the graph.")
    return found[0]
