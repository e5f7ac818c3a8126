"""Connection to Neo4j: the server at NEO4J_URI or the managed one, with the schema brought up to date."""

from __future__ import annotations

from typing import Any

from graphstore.database.client import RETRY_SECONDS, Client
from graphstore.database.disk import DiskSpace
from graphstore.kinds import read_kinds
from graphstore.progress import Message, quiet
from graphstore.settings import Settings


def connect(
    settings: Settings,
    *,
    message: Message = quiet,
    migrated: bool = True,
    retry_seconds: float = RETRY_SECONDS,
    most_seconds: float | None = None,
) -> Client:
    """A client of the server at `NEO4J_URI`, or of the managed server, which is started if needed.

    message: shows what is being done.
    migrated: bring the schema up to date.
    retry_seconds: how long a transaction is retried while Neo4j does not answer.
    most_seconds: after which Neo4j stops a transaction of this client; None for its own limit.

    Raises:
        ServerError: the managed server can't be started.
        GraphError: Neo4j can't be used (see its subclasses).
        InputError: NEO4J_URI or the table of kinds can't be used.
    """
    from graphstore.database.schema import migrate
    from graphstore.server.managed import ManagedServer

    kinds = read_kinds(settings.kinds_file)
    options: Any = {"kinds": kinds, "retry_seconds": retry_seconds, "message": message}
    options |= {"most_seconds": most_seconds}
    if settings.neo4j_uri is None:
        server = ManagedServer(settings.home / "neo4j", version=settings.neo4j_version)
        address = server.start(message)
        client = Client(address.bolt_uri, address.username, address.password, disk=DiskSpace(server.data), **options)
    else:
        client = Client(
            settings.neo4j_uri,
            settings.neo4j_username,
            settings.neo4j_password or "",
            settings.neo4j_database,
            **options,
        )
    try:
        client.verify()
        if migrated:
            migrate(client)
    except BaseException:
        client.close()
        raise
    return client
