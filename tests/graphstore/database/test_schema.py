"""The schema is brought up to date once, however many programs begin at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from neo4j.exceptions import TransientError

from graphstore.database import schema, statements
from graphstore.database.schema import NUMBERED, is_current, migrate, versions

NAMES = "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"
CONSTRAINTS = "SHOW CONSTRAINTS YIELD name RETURN name"
PROGRAMS = 4


def names(client, text=NAMES):
    return {row["name"] for row in client.run_text(text)}


def forget(client):
    """Drop the whole schema."""
    for name in names(client, CONSTRAINTS):
        client.run_text(f"DROP CONSTRAINT {name}")
    for name in names(client):
        client.run_text(f"DROP INDEX {name}")
    client.run_text("MATCH (s:Schema) DELETE s")


def test_no_two_schema_files_have_the_same_number():
    numbered = [name for name in statements.names() if NUMBERED.fullmatch(name)]
    assert len(numbered) == max(versions()) == len(versions())


def test_programs_that_come_to_an_empty_graph_at_once_take_turns(client, monkeypatch):
    before = names(client)
    begin, upgraded, upgrade = Barrier(PROGRAMS), [], schema._upgrade
    monkeypatch.setattr(schema, "_upgrade", lambda *given: (upgraded.append(None), upgrade(*given)))

    def program(number):
        begin.wait()
        return migrate(client)

    try:
        forget(client)
        with ThreadPoolExecutor(PROGRAMS) as pool:
            assert set(pool.map(program, range(PROGRAMS))) == {max(versions())}
        assert len(upgraded) == 1
        assert names(client) == before and is_current(client)
    finally:
        migrate(client)


def test_a_schema_statement_that_deadlocks_is_tried_again(client, monkeypatch):
    tried, run = [], client._session

    class Session:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def run(self, *_):
            raise TransientError("a deadlock")

    def session(*given):
        tried.append(None)
        return Session() if len(tried) < 3 else run(*given)

    monkeypatch.setattr(client, "_session", session)
    client.define("CREATE INDEX user_due IF NOT EXISTS FOR (n:User) ON (n.due)")
    assert len(tried) == 3
