"""Connection to Neo4j: the server at NEO4J_URI or the managed one, with the schema brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphstore.database.client import RETRY_SECONDS, Client
from graphstore.database.disk import DiskSpace
from graphstore.kinds import read_kinds
from graphstore.progress import Message, quiet
from graphstore.settings import Settings

if TYPE_CHECKING:
    from graphstore.server.managed import ManagedServer


def reached(settings: Settings, message: Message = quiet) -> tuple[str, tuple[str, str], str | None]:
    """Address, login and database (None: the default one) of the server at `NEO4J_URI`, or of the managed server, which
    is started if needed.

    Raises:
        ServerError: the managed server can't be started.
    """
    if settings.neo4j_uri is not None:
        return settings.neo4j_uri, (settings.neo4j_username, settings.neo4j_password or ""), settings.neo4j_database
    address = managed_server(settings).start(message)
    return address.bolt_uri, (address.username, address.password), None


def managed_server(settings: Settings) -> ManagedServer:
    """The managed server of these settings, which may not run."""
    from graphstore.server.managed import ManagedServer

    return ManagedServer(settings.home / "neo4j", version=settings.neo4j_version)


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

    kinds = read_kinds(settings.kinds_file)
    uri, (username, password), database = reached(settings, message)
    client = Client(
        uri,
        username,
        password,
        database,
        kinds=kinds,
        retry_seconds=retry_seconds,
        most_seconds=most_seconds,
        message=message,
        disk=None if settings.neo4j_uri else DiskSpace(managed_server(settings).data),
    )
    try:
        client.verify()
        if migrated:
            migrate(client)
    except BaseException:
        client.close()
        raise
    return client
