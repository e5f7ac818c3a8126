"""The schema: constraints and indexes in numbered files of cypher/schema, applied once, in order, forward only."""

from __future__ import annotations

import re

from graphstore.database import statements
from graphstore.database.client import Client
from graphstore.database.leases import hold
from graphstore.errors import SchemaTooNew

NUMBERED = re.compile(r"schema/(\d{3})_\w+")
INDEX_SECONDS = 300
LEASES = "schema/009_leases"


def versions() -> dict[int, str]:
    """The statement names of the schema files, by number."""
    return {int(match.group(1)): name for name in statements.names() if (match := NUMBERED.fullmatch(name))}


def migrate(client: Client) -> int:
    """Apply the schema files that are missing and return the version. Programs that come at the same time take turns,
    and those after the first find nothing to do. All statements are idempotent: a stop in the middle does no harm.

    Raises:
        SchemaTooNew: the graph was written by a newer version of this program.
    """
    if _missing(client) is not None:
        _apply(client, LEASES)  # without its constraints two could hold the same lease
        with hold(client, "schema") as held:
            if missing := _missing(held):
                _upgrade(held, *missing)
    return max(versions())


def _missing(client: Client) -> tuple[int, set[str]] | None:
    """The version of the graph's schema, and the types of behaviour that have a constraint; None where nothing is
    missing."""
    newest = max(versions())
    applied = client.read("schema/steps/read_schema_version") if _has_schema(client) else []
    version = applied[0]["version"] if applied else 0
    types = set(applied[0]["types"] or []) if applied else set()
    if version > newest:
        raise SchemaTooNew(f"The graph has schema version {version}, this program knows {newest}: update it.")
    return None if version == newest and _wanted(client) <= types else (version, types)


def _upgrade(client: Client, version: int, types: set[str]) -> None:
    available = versions()
    for number in sorted(n for n in available if n > version):
        _apply(client, available[number])
    for behaviour_type in sorted(_wanted(client) - types):
        for statement in statements.split(_constraint(behaviour_type)):
            client.define(statement)
    client.autocommit("schema/steps/await_indexes", seconds=INDEX_SECONDS)
    client.write("schema/steps/write_schema_version", version=max(available), types=sorted(types | _wanted(client)))


def _wanted(client: Client) -> set[str]:
    return {kind.type for kind in client.kinds.values()}


def _apply(client: Client, name: str) -> None:
    for statement in statements.split(statements.load(name).text):
        client.define(statement)


def is_current(client: Client) -> bool:
    """Whether the graph has the schema of this program, or a newer one."""
    applied = client.read("schema/steps/read_schema_version")
    return bool(applied) and applied[0]["version"] >= max(versions())


def _constraint(behaviour_type: str) -> str:
    statement = statements.load("schema/steps/behaviour_type").for_type(behaviour_type)
    return statement.text.replace("event_id_BEHAVIOUR", f"event_id_{behaviour_type.lower()}")


def _has_schema(client: Client) -> bool:
    return bool(client.read("schema/steps/read_constraint", name="schema_name"))
