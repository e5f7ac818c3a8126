"""Connection to Neo4j: the server at NEO4J_URI or the managed one, with the schema brought up to date."""

from __future__ import annotations

from graphstore.database.client import RETRY_SECONDS, Client
from graphstore.kinds import read_kinds
from graphstore.progress import Message, quiet
from graphstore.settings import Settings


def reached(settings: Settings, message: Message = quiet) -> tuple[str, tuple[str, str], str | None]:
    """Address, login and database (None: the default one) of the server at `NEO4J_URI`, or of the managed server, which
    is started if needed.

    Raises:
        ServerError: the managed server can't be started.
    """
    from graphstore.server.managed import ManagedServer

    if settings.neo4j_uri is not None:
        return settings.neo4j_uri, (settings.neo4j_username, settings.neo4j_password or ""), settings.neo4j_database
    address = ManagedServer(settings.home / "neo4j", version=settings.neo4j_version).start(message)
    return address.bolt_uri, (address.username, address.password), None


def connect(
    settings: Settings, *, message: Message = quiet, migrated: bool = True, retry_seconds: float = RETRY_SECONDS
) -> Client:
    """A client of the server at `NEO4J_URI`, or of the managed server, which is started if needed.

    message: shows what is being done.
    migrated: bring the schema up to date.
    retry_seconds: how long a transaction is retried while Neo4j does not answer.

    Raises:
        ServerError: the managed server can't be started.
        GraphError: Neo4j can't be used (see its subclasses).
        InputError: NEO4J_URI or the table of kinds can't be used.
    """
    from graphstore.database.schema import migrate

    kinds = read_kinds(settings.kinds_file)
    uri, (username, password), database = reached(settings, message)
    client = Client(uri, username, password, database, kinds=kinds, retry_seconds=retry_seconds)
    try:
        client.verify()
        if migrated:
            migrate(client)
    except BaseException:
        client.close()
        raise
    return client
