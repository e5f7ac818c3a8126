"""The one way to Neo4j: statements by name, in managed transactions that are retried safely."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import neo4j
from neo4j import exceptions

from graphstore.database import statements
from graphstore.database.statements import Statement
from graphstore.errors import GraphError, InputError, Neo4jAuthFailed, Neo4jTooOld, Neo4jUnavailable, StatementError
from graphstore.kinds import KINDS, Kind
from graphstore.settings import OLDEST_NEO4J

Row = dict[str, Any]
T = TypeVar("T")
CONNECT_SECONDS = 10.0
RETRY_SECONDS = 30.0
BUSY_SECONDS = 20.0  # as long a transaction is tried again while others stand in its way
FIRST_RETRY_SECONDS, RETRY_GROWTH = 0.02, 1.3  # most often two transactions stood in each other's way for a moment


@contextmanager
def interrupts_first() -> Iterator[None]:
    """Let an interrupt through where closing what it interrupted fails as well: Ctrl-C is no error of Neo4j's."""
    try:
        yield
    except Exception as error:
        met: list[BaseException] = []
        found: BaseException | None = error
        while found is not None and found not in met:
            if not isinstance(found, Exception):
                raise found from None
            met.append(found)
            found = found.__context__
        raise


@contextmanager
def translated(uri: str) -> Iterator[None]:
    """Turn the driver's errors into this program's, with what to do about them."""
    try:
        with interrupts_first():
            yield
    except exceptions.AuthError as error:
        raise Neo4jAuthFailed(
            f"Neo4j at {uri} refused the user name or password: check NEO4J_USERNAME and NEO4J_PASSWORD."
        ) from error
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired, OSError) as error:
        raise Neo4jUnavailable(
            f"Neo4j at {uri} can't be reached or went away: {error}. Nothing half-done was kept; run the same again."
        ) from error
    except exceptions.DatabaseUnavailable as error:
        raise Neo4jUnavailable(f"Neo4j at {uri} is up, but its database is not: {error.message}.") from error
    except exceptions.TransientError as error:
        raise Neo4jUnavailable(
            f"Neo4j at {uri} is too busy: {error.message} Nothing half-done was kept; run the same again."
        ) from error
    except exceptions.Neo4jError as error:
        raise GraphError(f"Neo4j refused a statement: {error.message} ({error.code})") from error
    except exceptions.DriverError as error:
        raise GraphError(f"The Neo4j driver failed: {error}") from error


@contextmanager
def usable_address(uri: str) -> Iterator[None]:
    """Turn what the driver says of an address it can't use into wrong input; only Bolt is spoken."""
    if uri.partition("://")[0].partition("+")[0] not in ("bolt", "neo4j"):
        raise InputError(f"NEO4J_URI {uri!r} is not usable: expected bolt://… or neo4j://…")
    try:
        yield
    except (exceptions.ConfigurationError, ValueError) as error:
        raise InputError(f"NEO4J_URI {uri!r} is not usable: {error}") from error


class Transaction:
    """A transaction in which statements are run by name."""

    def __init__(self, transaction: neo4j.ManagedTransaction) -> None:
        self._transaction = transaction

    def run(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """Run one statement and return its rows.

        Raises:
            StatementError: the parameters are not those of the statement's header.
        """
        loaded = _checked(statement, parameters)
        return _rows(self._transaction.run(loaded.text, _sent(parameters)), loaded)  # type: ignore[arg-type]


class _Unsaid(list[Any]):
    """A list that the driver doesn't spell out for a log: it does for every statement, whether anybody reads it, which
    takes longer than sending a batch of vectors."""

    def __repr__(self) -> str:
        return f"[{len(self)} values]"


def _sent(parameters: Row) -> Row:
    """Parameters as the driver gets them."""
    return {name: _Unsaid(value) if isinstance(value, list) else value for name, value in parameters.items()}


def _rows(result: neo4j.Result, loaded: Statement) -> list[Row]:
    """The rows of a result. Only where a statement returns nodes, relationships or paths are its values looked through
    for these: that takes longer than all else on columns of many numbers.
    """
    if loaded.returns_graph:
        return result.data()
    names = result.keys()
    return [dict(zip(names, record.values(), strict=True)) for record in result]


def _reason(error: BaseException) -> BaseException:
    """What failed in a transaction. Where rolling it back fails as well, the driver tells of that instead."""
    met: list[BaseException] = []  # errors that name each other
    while isinstance(error, exceptions.ResultFailedError) and error not in met:
        met.append(error)
        error = error.__cause__ or error.__context__ or error
    return error


def _checked(statement: str | Statement, parameters: dict[str, Any]) -> Statement:
    loaded = statements.load(statement) if isinstance(statement, str) else statement
    loaded.check(parameters)
    return loaded


class Client:
    """A connection pool to one Neo4j database. Close it, or use it as a context manager; safe to share by threads.

    kinds: the kinds of behaviour in this graph, by name.
    """

    def __init__(
        self,
        uri: str,
        username: str,
        password: str,
        database: str | None = None,
        *,
        kinds: Mapping[str, Kind] = KINDS,
        pool_size: int = 50,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self.uri = uri
        self.database = database
        self.kinds = kinds
        with usable_address(uri):
            self._driver = neo4j.GraphDatabase.driver(
                uri,
                auth=(username, password),
                connection_timeout=CONNECT_SECONDS,
                max_transaction_retry_time=retry_seconds,
                max_connection_pool_size=pool_size,
                initial_retry_delay=FIRST_RETRY_SECONDS,
                retry_delay_multiplier=RETRY_GROWTH,
                notifications_min_severity="OFF",
                user_agent="interestgraph",
            )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._driver.close()

    def verify(self) -> str:
        """Connect, and return the server's version.

        Raises:
            Neo4jUnavailable, Neo4jAuthFailed: as they say.
            Neo4jTooOld: older than the statements need.
        """
        with translated(self.uri):
            self._driver.verify_connectivity()
        version = str(self.read("administration/read_version")[0]["version"])
        numbers = tuple(int(part) for part in version.split("-")[0].split(".")[:2])
        if numbers < OLDEST_NEO4J:
            oldest = ".".join(map(str, OLDEST_NEO4J))
            raise Neo4jTooOld(f"Neo4j at {self.uri} is {version}; at least {oldest} is needed.")
        return version

    def read(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """Run a read statement by name; routed to a replica in a cluster."""
        loaded = _checked(statement, parameters)
        if loaded.access != "read":
            raise StatementError(f"cypher/{loaded.name}.cypher writes; it can't be run as a read.")
        with translated(self.uri), self._session() as session:
            return session.execute_read(lambda tx: _rows(tx.run(loaded.text, _sent(parameters)), loaded))  # type: ignore[arg-type]

    def read_once(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """`read` in one round trip instead of two, for what is asked at every answer: without a transaction of its own
        the first time, and as `read` does it where that fails for a reason that may pass.
        """
        loaded = _checked(statement, parameters)
        if loaded.access != "read":
            raise StatementError(f"cypher/{loaded.name}.cypher writes; it can't be run as a read.")
        try:
            with interrupts_first(), self._session(neo4j.READ_ACCESS) as session:
                return _rows(session.run(loaded.text, _sent(parameters)), loaded)  # type: ignore[arg-type]
        except (exceptions.Neo4jError, exceptions.DriverError, OSError):
            return self.read(loaded, **parameters)

    def write(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """Run a write statement by name in a managed transaction: retried if the connection or a lock fails."""
        loaded = _checked(statement, parameters)
        return self.transaction(lambda tx: tx.run(loaded, **parameters))

    def write_once(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """`write` in one round trip instead of three, for what follows every event and may be done twice without harm:
        without a managed transaction the first time, and as `write` does it where that fails.
        """
        try:
            return self.autocommit(statement, **parameters)
        except GraphError:
            return self.write(statement, **parameters)

    def transaction(self, function: Callable[[Transaction], T]) -> T:
        """Run a function of several statements as one write transaction; it may be called more than once."""
        until = time.monotonic() + BUSY_SECONDS
        with translated(self.uri):
            while True:
                try:
                    with interrupts_first(), self._session() as session:
                        return session.execute_write(lambda tx: function(Transaction(tx)))
                except (exceptions.Neo4jError, exceptions.DriverError) as error:
                    reason = _reason(error)
                    if not isinstance(reason, exceptions.TransientError) or time.monotonic() > until:
                        raise reason from None

    def stream(self, statement: str | Statement, **parameters: Any) -> Iterator[Row]:
        """Rows of a read statement one by one, in bounded memory; not retried once rows have come."""
        loaded = _checked(statement, parameters)
        with translated(self.uri), self._session(neo4j.READ_ACCESS) as session:
            result = session.run(loaded.text, _sent(parameters))  # type: ignore[arg-type]
            names = result.keys()
            for record in result:
                yield record.data() if loaded.returns_graph else dict(zip(names, record.values(), strict=True))

    def autocommit(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """Run outside a managed transaction: for `CALL { } IN TRANSACTIONS` and schema statements; not retried."""
        loaded = _checked(statement, parameters)
        return self.run_text(loaded.text, parameters)

    def run_text(self, text: str, parameters: Row | None = None) -> list[Row]:
        """Run the text of a statement file as it is; only the schema and the tests use it directly."""
        with translated(self.uri), self._session() as session:
            return session.run(text, _sent(parameters or {})).data()  # type: ignore[arg-type]

    def _session(self, access: str = neo4j.WRITE_ACCESS) -> neo4j.Session:
        return self._driver.session(database=self.database, default_access_mode=access)
