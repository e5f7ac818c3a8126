"""The Neo4j client: runs statements by name, in managed transactions that can be retried."""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import neo4j
from neo4j import exceptions

from graphstore.database import statements
from graphstore.database.disk import DiskSpace
from graphstore.database.statements import Statement
from graphstore.errors import (
    DiskFull,
    GraphError,
    InputError,
    NeedsRestart,
    Neo4jAuthFailed,
    Neo4jTooOld,
    Neo4jUnavailable,
    StatementError,
    TookTooLong,
)
from graphstore.kinds import KINDS, Kind
from graphstore.progress import Message, quiet
from graphstore.settings import OLDEST_NEO4J

Row = dict[str, Any]
T = TypeVar("T")
CONNECT_SECONDS = 10.0
RETRY_SECONDS = 30.0
BUSY_SECONDS = 20.0  # a transaction is retried for so long while locks of others stop it
FIRST_RETRY_SECONDS, RETRY_GROWTH = 0.02, 1.3  # short, because most deadlocks are over at once

TIMED_OUT = "Neo.ClientError.Transaction.TransactionTimedOut"  # and what begins like it: by the server or the client
DELETED_MEANWHILE = "Neo.ClientError.Statement.EntityNotFound"
LOG_ERROR = "Neo.DatabaseError.Transaction.TransactionLogError"
PANIC, NO_ROOM = "critical error, and needs to be restarted", "No space left on device"


@contextmanager
def interrupts_first() -> Iterator[None]:
    """Raise KeyboardInterrupt, not the driver error that closing the interrupted session raises after it."""
    try:
        yield
    except Exception as error:
        checked: list[BaseException] = []
        found: BaseException | None = error
        while found is not None and found not in checked:
            if not isinstance(found, Exception):
                raise found from None
            checked.append(found)
            found = found.__context__
        raise


@contextmanager
def translated(uri: str) -> Iterator[None]:
    """Turn errors of the driver into `GraphError` and its subclasses, whose text says what to do."""
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
        raise _refusal(uri, error) from error
    except exceptions.DriverError as error:
        raise GraphError(f"The Neo4j driver failed: {error}") from error
    except OverflowError as error:
        raise InputError("A whole number is too large: Neo4j takes those of 64 bits.") from error


def _refusal(uri: str, error: exceptions.Neo4jError) -> GraphError:
    """What Neo4j said, as an error of this program."""
    message, code = error.message or "", error.code or ""
    if code.startswith(TIMED_OUT):
        return TookTooLong("A transaction took too long and was stopped; nothing of it was kept. Send less at a time.")
    if code == LOG_ERROR or PANIC in message:
        return NeedsRestart(
            f"Neo4j at {uri} stopped its database after an error; most often its disk was full. Make room and start "
            "Neo4j anew (the managed one: interestgraph server start). Nothing that was stored is lost."
        )
    if NO_ROOM in message:
        return DiskFull(f"The disk of Neo4j at {uri} is full. Make room, and run the same again.")
    return GraphError(f"Neo4j refused a statement: {message} ({code})")


@contextmanager
def usable_address(uri: str) -> Iterator[None]:
    """Turn errors of the driver about an address into `InputError`; the protocol has to be Bolt.

    uri: bolt://… or neo4j://…, with or without TLS.
    """
    if uri.partition("://")[0].partition("+")[0] not in ("bolt", "neo4j"):
        raise InputError(f"NEO4J_URI {uri!r} is not usable: expected bolt://… or neo4j://…")
    try:
        yield
    except (exceptions.ConfigurationError, ValueError) as error:
        raise InputError(f"NEO4J_URI {uri!r} is not usable: {error}") from error


class Transaction:
    """An open transaction that runs statements by name."""

    def __init__(self, transaction: neo4j.ManagedTransaction) -> None:
        self._transaction = transaction

    def run(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """Run one statement and return its rows.

        Raises:
            StatementError: the parameters differ from those of the statement's header.
        """
        loaded = _checked(statement, parameters)
        return _rows(self._transaction.run(loaded.text, _sent(parameters)), loaded)  # type: ignore[arg-type]


class Fence(Protocol):
    """What every write transaction checks first (`graphstore.database.leases`)."""

    @property
    def holder(self) -> str:
        """The key of the lease."""

    def check(self, tx: Transaction) -> None:
        """Raises where the transaction may not write."""


class _ShortRepr(list[Any]):
    """A list with a short `repr`. The driver formats the parameters of every statement for its log, even if nothing is
    logged, and that takes longer than sending a batch of vectors."""

    def __repr__(self) -> str:
        return f"[{len(self)} values]"


def _sent(parameters: Row) -> Row:
    """The parameters as they are given to the driver."""
    return {name: _ShortRepr(value) if isinstance(value, list) else value for name, value in parameters.items()}


def _rows(result: neo4j.Result, loaded: Statement) -> list[Row]:
    """The rows of a result.

    `data()` converts nodes, relationships and paths, and for that visits every value. It is used only where a statement
    returns some, as it takes most of the time on columns of many numbers.
    """
    if loaded.returns_graph:
        return result.data()
    names = result.keys()
    return [dict(zip(names, record.values(), strict=True)) for record in result]


def _reason(error: BaseException) -> BaseException:
    """The error that made a transaction fail. The driver raises another one where the rollback fails as well."""
    checked: list[BaseException] = []  # errors can be each other's cause
    while isinstance(error, exceptions.ResultFailedError) and error not in checked:
        checked.append(error)
        error = error.__cause__ or error.__context__ or error
    return error


def _passes(error: BaseException) -> bool:
    """Whether a transaction may succeed if it is run again: a lock failed, or another deleted what it had just read."""
    return isinstance(error, exceptions.TransientError) or getattr(error, "code", None) == DELETED_MEANWHILE


def _checked(statement: str | Statement, parameters: dict[str, Any]) -> Statement:
    loaded = statements.load(statement) if isinstance(statement, str) else statement
    loaded.check(parameters)
    return loaded


class Client:
    """A connection pool to one Neo4j database, which threads can share. A context manager; otherwise call `close`.

    kinds: the kinds of behaviour in this graph, by name.  retry_seconds: for transactions while Neo4j does not answer.
    most_seconds: after which Neo4j stops a transaction of this client; None for its own limit.
    disk: of the graph, where it is this machine's.
    message: shows what somebody waits for.  fence: checked by every write; see `under`.
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
        most_seconds: float | None = None,
        disk: DiskSpace | None = None,
        message: Message = quiet,
    ) -> None:
        self.uri = uri
        self.disk = disk
        self._most_seconds = most_seconds
        self.message = message
        self.fence: Fence | None = None
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

    def under(self, fence: Fence | None) -> Client:
        """A client on the same connections whose every write first checks a fence, in its transaction; None: checks
        nothing."""
        fenced = copy.copy(self)
        fenced.fence = fence
        return fenced

    def verify(self) -> str:
        """Connect, and return the server's version.

        Raises:
            Neo4jUnavailable: it can't be reached.
            Neo4jAuthFailed: it refused the user name or password.
            Neo4jTooOld: it is older than OLDEST_NEO4J.
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
        """Run a read statement in a managed transaction; in a cluster, on a replica."""
        loaded = _checked(statement, parameters)
        if loaded.access != "read":
            raise StatementError(f"cypher/{loaded.name}.cypher writes; it can't be run as a read.")
        with translated(self.uri), self._session() as session:
            return session.execute_read(self._limited(lambda tx: _rows(tx.run(loaded.text, _sent(parameters)), loaded)))

    def read_once(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """`read` in one round trip instead of two, for statements of every request: first without a managed
        transaction, and by `read` if that fails.
        """
        loaded = _checked(statement, parameters)
        if loaded.access != "read":
            raise StatementError(f"cypher/{loaded.name}.cypher writes; it can't be run as a read.")
        try:
            with interrupts_first(), self._session(neo4j.READ_ACCESS) as session:
                return _rows(session.run(self._query(loaded.text), _sent(parameters)), loaded)
        except (exceptions.Neo4jError, exceptions.DriverError, OSError, OverflowError) as error:
            if (getattr(error, "code", None) or "").startswith(TIMED_OUT):
                raise _refusal(self.uri, error) from error  # type: ignore[arg-type]
            return self.read(loaded, **parameters)

    def write(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """Run a write statement in a managed transaction, which is retried if the connection or a lock fails."""
        loaded = _checked(statement, parameters)
        return self.transaction(lambda tx: tx.run(loaded, **parameters))

    def write_once(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """`write` in one round trip instead of three, for idempotent statements of every event: first without a managed
        transaction, and by `write` if that fails.
        """
        if self.fence is not None:
            return self.write(statement, **parameters)
        try:
            return self.autocommit(statement, **parameters)
        except GraphError:
            return self.write(statement, **parameters)

    def transaction(self, function: Callable[[Transaction], T]) -> T:
        """Run a function of several statements as one write transaction. A retry calls the function again.

        Raises:
            DiskFull: the disk has too little room; nothing was sent to Neo4j.
        """
        self._check_room()

        def work(tx: neo4j.ManagedTransaction) -> T:
            transaction = Transaction(tx)
            if self.fence is not None:
                self.fence.check(transaction)
            return function(transaction)

        def once() -> T:
            with interrupts_first(), self._session() as session:
                return session.execute_write(self._limited(work))

        return self._retried(once)

    def _retried(self, once: Callable[[], T]) -> T:
        """Call `once` again, for BUSY_SECONDS, while locks of others stop it."""
        until = time.monotonic() + BUSY_SECONDS
        with translated(self.uri):
            while True:
                try:
                    return once()
                except (exceptions.Neo4jError, exceptions.DriverError) as error:
                    reason = _reason(error)
                    if not _passes(reason) or time.monotonic() > until:
                        raise reason from None
                    time.sleep(random.uniform(0, FIRST_RETRY_SECONDS))

    def stream(self, statement: str | Statement, **parameters: Any) -> Iterator[Row]:
        """Yield the rows of a read statement one by one, in bounded memory; not retried."""
        loaded = _checked(statement, parameters)
        with translated(self.uri), self._session(neo4j.READ_ACCESS) as session:
            result = session.run(loaded.text, _sent(parameters))  # type: ignore[arg-type]
            names = result.keys()
            for record in result:
                yield record.data() if loaded.returns_graph else dict(zip(names, record.values(), strict=True))

    def autocommit(self, statement: str | Statement, **parameters: Any) -> list[Row]:
        """Run outside a managed transaction: `CALL { } IN TRANSACTIONS`, not retried, and schema statements, retried
        while locks of others stop them. A statement with the parameter `lease` gets the holder of the fence, which each
        of its transactions checks; the others are checked before and after.
        """
        loaded = statements.load(statement) if isinstance(statement, str) else statement
        if self.fence is not None and "lease" in loaded.parameters:
            parameters = {**parameters, "lease": self.fence.holder}
        loaded.check(parameters)
        if loaded.access != "read":
            self._check_room()
        self._check_fence()
        if loaded.access == "schema":
            return self.define(loaded.text, parameters)
        rows = self.run_text(loaded.text, parameters)
        self._check_fence()
        return rows

    def _check_fence(self) -> None:
        if self.fence is not None:
            self.transaction(lambda tx: None)

    def define(self, text: str, parameters: Row | None = None) -> list[Row]:
        """Run the text of an idempotent schema statement, again while locks of others stop it: those who change the
        schema at the same time can stop each other."""

        def once() -> list[Row]:
            with interrupts_first(), self._session() as session:
                return session.run(text, _sent(parameters or {})).data()  # type: ignore[arg-type]

        return self._retried(once)

    def run_text(self, text: str, parameters: Row | None = None) -> list[Row]:
        """Run Cypher text; only for the schema and for tests."""
        with translated(self.uri), self._session() as session:
            return session.run(self._query(text), _sent(parameters or {})).data()

    def _check_room(self) -> None:
        if self.disk is not None:
            self.disk.check()

    def _query(self, text: str) -> neo4j.Query:
        return neo4j.Query(text, timeout=self._most_seconds)  # type: ignore[arg-type]

    def _limited(self, work: Callable[[neo4j.ManagedTransaction], T]) -> Callable[[neo4j.ManagedTransaction], T]:
        return neo4j.unit_of_work(timeout=self._most_seconds)(work)

    def _session(self, access: str = neo4j.WRITE_ACCESS) -> neo4j.Session:
        return self._driver.session(database=self.database, default_access_mode=access)
