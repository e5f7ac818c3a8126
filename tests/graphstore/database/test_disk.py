"""Writes stop while the disk still has room; reads go on."""

import os
import shutil
from types import SimpleNamespace

import pytest
from neo4j.exceptions import ClientError, DatabaseError

from graphstore.database import client as client_module
from graphstore.database import disk as module
from graphstore.database.disk import LEAST_FREE_BYTES, DiskSpace, written_whole
from graphstore.errors import DiskFull, NeedsRestart, TookTooLong


@pytest.fixture
def full(monkeypatch):
    """Makes every disk look full; the list counts how often one was asked."""
    asked = []

    def usage(folder):
        asked.append(folder)
        return SimpleNamespace(free=LEAST_FREE_BYTES - 1)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    return asked


def test_a_disk_is_asked_once_a_second(full, tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    disk = DiskSpace(tmp_path)
    for _ in range(3):
        with pytest.raises(DiskFull, match="511 MiB free; nothing is written below 512 MiB"):
            disk.check()
    assert len(full) == 1
    now[0] += 1.5
    disk.free()
    assert len(full) == 2


def test_with_room_writes_pass(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=LEAST_FREE_BYTES))
    DiskSpace(tmp_path).check()


def test_without_room_nothing_is_written_and_everything_is_read(client, tmp_path, full, monkeypatch):
    monkeypatch.setattr(client, "disk", DiskSpace(tmp_path))
    row = {"user_id": "u", "attributes": [], "row_hash": "h"}
    for write in (client.write, client.write_once, client.autocommit):
        with pytest.raises(DiskFull):
            write("collect/merge_users", rows=[row])
    with pytest.raises(DiskFull):
        client.transaction(lambda tx: tx.run("collect/merge_users", rows=[row]))
    assert client.read("extract/items/count_items") == client.read_once("extract/items/count_items")
    assert client.run_text("MATCH (u:User) RETURN count(u) AS n") == [{"n": 0}]


def coded(kind, code, message):
    error = kind(message)
    error._neo4j_code, error._message = code, message
    return error


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("Neo.DatabaseError.Transaction.TransactionLogError", "Could not append transaction", NeedsRestart),
        (
            "Neo.DatabaseError.Transaction.TransactionStartFailed",
            "The database has encountered a critical error, and needs to be restarted.",
            NeedsRestart,
        ),
        ("Neo.DatabaseError.Statement.ExecutionFailed", "java.io.IOException: No space left on device", DiskFull),
        ("Neo.ClientError.Transaction.TransactionTimedOut", "too long", TookTooLong),
        ("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration", "too long", TookTooLong),
    ],
)
def test_what_neo4j_says_of_a_full_disk_and_of_time_says_what_to_do(code, message, expected):
    kind = ClientError if "ClientError" in code else DatabaseError
    with pytest.raises(expected), client_module.translated("bolt://somewhere"):
        raise coded(kind, code, message)


def test_a_transaction_that_takes_too_long_is_stopped(client, neo4j_settings):
    settings = neo4j_settings
    with client_module.Client(
        client.uri, settings.neo4j_username, settings.neo4j_password or "", most_seconds=0.2
    ) as hasty:
        with pytest.raises(TookTooLong, match="nothing of it was kept"):
            hasty.run_text("UNWIND range(1, 3000000000) AS x RETURN sum(x) AS x")
        assert hasty.read("extract/items/count_items")


def test_a_file_takes_its_name_when_it_is_whole(tmp_path):
    path = tmp_path / "lists.jsonl"
    path.write_text("old")
    with written_whole(path) as first, written_whole(path) as second:
        first.write("first")
        second.write("second")
        assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 3
    assert path.read_text() == "first"  # the one that ended last
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError(), OSError(28, "No space left on device")])
def test_a_file_that_is_not_finished_leaves_its_name_as_it_was(tmp_path, error):
    path = tmp_path / "lists.jsonl"
    path.write_text("old")
    with pytest.raises(type(error)), written_whole(path) as file:
        file.write("new")
        raise error
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_file_that_can_not_be_flushed_leaves_its_name_as_it_was(tmp_path, monkeypatch):
    def no_room(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", no_room)
    with pytest.raises(OSError), written_whole(tmp_path / "lists.jsonl") as file:
        file.write("new")
    assert not list(tmp_path.iterdir())


def test_who_may_read_a_file_is_as_usual_unless_it_is_private(tmp_path):
    usual, ordinary, private = tmp_path / "usual", tmp_path / "ordinary", tmp_path / "private"
    usual.write_text("")
    for path in (ordinary, private):
        with written_whole(path, private=path == private) as file:
            file.write("x")
    assert ordinary.stat().st_mode == usual.stat().st_mode
    assert private.stat().st_mode & 0o777 == 0o600


def test_what_is_no_file_is_written_in_its_place(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with written_whole(pipe) as file:
        file.write("x")
    assert os.read(end, 10) == b"x" and pipe.is_fifo()
    os.close(end)
