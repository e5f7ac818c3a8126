"""The schema: constraints and indexes in numbered files of cypher/schema, applied once, in order, forward only."""

from __future__ import annotations

import re

from graphstore.database import statements
from graphstore.database.client import Client
from graphstore.errors import SchemaTooNew

NUMBERED = re.compile(r"schema/(\d{3})_\w+")
INDEX_SECONDS = 300


def versions() -> dict[int, str]:
    """The statement names of the schema files, by number."""
    return {int(match.group(1)): name for name in statements.names() if (match := NUMBERED.fullmatch(name))}


def migrate(client: Client) -> int:
    """Apply the schema files that are missing and return the version. All statements are idempotent, so that a stop in
    the middle or two programs at once do no harm.

    Raises:
        SchemaTooNew: the graph was written by a newer version of this program.
    """
    wanted_types = {kind.type for kind in client.kinds.values()}
    available = versions()
    newest = max(available)
    applied = client.read("schema/read_schema_version") if _has_schema(client) else []
    version = applied[0]["version"] if applied else 0
    types = set(applied[0]["types"] or []) if applied else set()
    if version > newest:
        raise SchemaTooNew(f"The graph has schema version {version}, this program knows {newest}: update it.")
    if version == newest and wanted_types <= types:
        return newest
    for number in sorted(n for n in available if n > version):
        for statement in statements.split(statements.load(available[number]).text):
            client.run_text(statement)
    for behaviour_type in sorted(wanted_types - types):
        for statement in statements.split(_constraint(behaviour_type)):
            client.run_text(statement)
    client.autocommit("schema/await_indexes", seconds=INDEX_SECONDS)
    client.write("schema/write_schema_version", version=newest, types=sorted(types | wanted_types))
    return newest


def is_current(client: Client) -> bool:
    """Whether the graph has the schema of this program, or a newer one."""
    applied = client.read("schema/read_schema_version")
    return bool(applied) and applied[0]["version"] >= max(versions())


def _constraint(behaviour_type: str) -> str:
    statement = statements.load("schema/behaviour_type").for_type(behaviour_type)
    return statement.text.replace("event_id_BEHAVIOUR", f"event_id_{behaviour_type.lower()}")


def _has_schema(client: Client) -> bool:
    return bool(client.read("schema/read_constraint", name="schema_name"))
