"""Exploration for the pages: search for users and items, neighbours of a node, state of the graph."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from graphstore.database.client import Client
from graphstore.errors import InputError, NotFound

Document = dict[str, Any]
LABELS = ("User", "Item", "Interest", "Attribute")
# https://lucene.apache.org/core/9_11_0/queryparser/org/apache/lucene/queryparser/classic/package-summary.html
UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
LUCENE_SPECIAL = re.compile(r'([+\-!(){}\[\]^"~*?:\\/&|])')


def find_users(client: Client, prefix: str, count: int = 12) -> list[Document]:
    """Users whose id starts with `prefix`, by id: user_id, events (their number)."""
    return client.read("profiles/exploration/find_users", prefix=prefix, count=count)


def list_active_users(client: Client, count: int = 12) -> list[Document]:
    """The users with most events among those active last: user_id, events (their number)."""
    return client.read("profiles/exploration/list_active_users", count=count)


def find_items(client: Client, text: str, count: int = 20) -> list[Document]:
    """Items whose title or description contain all words of `text` (20 at most), best first; the last may be a prefix.

    A word in Chinese or Japanese characters matches wherever these follow each other, as the text has no spaces.
    """
    words = text.split()[:20]
    if not words:
        return []
    query = " AND ".join([*map(lucene_clause, words[:-1]), lucene_clause(words[-1], prefix=True)])
    return client.read("profiles/exploration/find_items", text=query, count=count)


def lucene_clause(word: str, prefix: bool = False) -> str:
    """A word as a Lucene query: as it is written, or in NFKC (full-width letters become half-width)."""
    forms = dict.fromkeys((word.lower(), unicodedata.normalize("NFKC", word).lower()))
    terms = []
    for escaped in (LUCENE_SPECIAL.sub(r"\\\1", form) for form in forms):
        # The index holds these characters one by one; as a phrase in quotes they must follow each other.
        unspaced = UNSPACED.search(escaped)
        terms.append(f'"{escaped}"' if unspaced else escaped)
        if prefix and not unspaced:
            terms.append(f"{escaped}*")
    return f"({' OR '.join(terms)})" if len(terms) > 1 else terms[0]


def neighbourhood(client: Client, label: str, key: str, count: int = 10) -> Document:
    """A node and its neighbours, at most about `count` of each kind.

    Args:
        label: one of User, Item, Interest, Attribute.
        key: its id; for an interest its name, for an attribute `kind=value`.

    Returns:
        {"centre": id, "nodes": [{id, label, key, title}], "edges": [{from, to, type, weight, detail}]}.

    Raises:
        InputError: another label.  NotFound: no such node.
    """
    if label not in LABELS:
        raise InputError(f"Unknown label {label!r}: expected one of {', '.join(LABELS)}.")
    if label == "Attribute":
        kind, _, value = key.partition("=")
        rows = client.read("profiles/exploration/expand_attribute", kind=kind, value=value, count=count)
    else:
        rows = client.read(f"profiles/exploration/expand_{label.lower()}", key=key, count=count)
    title = client.read("profiles/read_title", label=label, key=key)
    if not title:
        raise NotFound(f"There is no {label.lower()} {key!r}.")
    centre = {"id": f"{label}:{key}", "label": label, "key": key, "title": title[0]["title"]}
    nodes = {centre["id"]: centre}
    edges = []
    for row in rows:
        other = f"{row['label']}:{row['key']}"
        nodes.setdefault(other, {"id": other, "label": row["label"], "key": row["key"], "title": row["title"]})
        ends = (centre["id"], other) if row["outgoing"] else (other, centre["id"])
        edges.append(
            {"from": ends[0], "to": ends[1], "type": row["type"], "weight": row["weight"], "detail": row["detail"]}
        )
    return {"centre": centre["id"], "nodes": list(nodes.values()), "edges": edges}


def overview(client: Client, events: int = 15) -> Document:
    """State of the graph: counts by label and type, last run of each stage, active model, newest events, versions."""
    counted = client.read("profiles/exploration/count_graph")[0]["data"]
    models = client.read("update/models/read_active_model")
    schema = client.read("schema/steps/read_schema_version")
    return {
        "nodes": {row["label"]: row["count"] for row in counted["nodes"] if row.get("label")},
        "relationships": {
            row["relationshipType"]: row["count"]
            for row in counted["relationships"]
            if row.get("relationshipType") and not row.get("startLabel") and not row.get("endLabel")
        },
        "runs": [{**row, "counts": json.loads(row["counts"] or "{}")} for row in client.read("runs/list_runs")],
        "model": {**models[0], "metrics": json.loads(models[0]["metrics"] or "{}")} if models else None,
        "newest_events": client.read("profiles/exploration/list_newest_events", count=events),
        "schema_version": schema[0]["version"] if schema else None,
        "neo4j": client.read("administration/read_version")[0],
    }
