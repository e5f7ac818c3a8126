"""What a server's log says of a database that does not open, and of what a recovery cut off."""

import time
from datetime import UTC, datetime

import pytest

from graphstore.errors import ServerError
from graphstore.server import recovery

TORN = """Caused by: java.lang.RuntimeException: Error reading transaction logs, recovery not possible. To force the …
\tat org.neo4j.kernel.recovery.Recovery.performRecovery(Recovery.java:772)
Caused by: java.lang.IllegalStateException: Failure to read transaction log file number 0. Unreadable bytes are …
"""
CUT = (
    "WARN  [o.n.k.d.Database] Fail to recover database. Highest recovered transaction id:261, committed at:1. "
    "Any transactional logs after position LogPosition{logVersion=0, byteOffset=40} can not be recovered and will be …"
)


def stamp(moment):
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}.000+0000"


def write(folder, *lines):
    (folder / "logs").mkdir(exist_ok=True)
    (folder / "logs" / "debug.log").write_text("\n".join(lines) + "\n")


def failed(moment, cause):
    return f"{stamp(moment)} ERROR [o.n.d.d.DatabaseLifecycles] Failed to start DatabaseId{{1[neo4j]}}\n{cause}"


def test_a_torn_log_is_told_with_what_mends_it(tmp_path):
    now = time.time()
    write(tmp_path, failed(now, TORN))
    assert "server start --recover" in recovery.start_failure(tmp_path, now - 5)


def test_another_reason_is_told_as_neo4j_gives_it(tmp_path):
    now = time.time()
    write(tmp_path, failed(now, "Caused by: java.io.IOException: the store is of another planet\n\tat x.y(Z.java:1)"))
    said = recovery.start_failure(tmp_path, now - 5)
    assert "another planet" in said and "--recover" not in said and "Z.java" not in said


def test_what_an_earlier_start_wrote_does_not_count(tmp_path):
    now = time.time()
    assert recovery.start_failure(tmp_path, now) is None
    write(tmp_path, failed(now - 60, TORN), f"{stamp(now)} INFO  [o.n.d.d.DatabaseLifecycles] Starting")
    assert recovery.start_failure(tmp_path, now - 5) is None


def test_a_recovery_says_up_to_where_everything_is_there_and_how_much_was_cut(tmp_path):
    logs = tmp_path / "data" / "transactions" / "neo4j"
    logs.mkdir(parents=True)
    (logs / "neostore.transaction.db.0").write_bytes(b"x" * 100)
    (logs / "neostore.transaction.db.1").write_bytes(b"x" * 5)
    copy = recovery.keep_log(tmp_path)
    assert (copy / "neo4j" / "neostore.transaction.db.0").read_bytes() == b"x" * 100
    now = time.time()
    write(tmp_path, f"{stamp(now)} {CUT}")
    said = recovery.outcome(tmp_path, now - 5, copy)
    assert "up to number 261 is there. 65 bytes after it" in said and str(copy) in said
    write(tmp_path, f"{stamp(now)} INFO  fine")
    assert "nothing had to be cut" in recovery.outcome(tmp_path, now - 5, copy)


def test_without_a_log_there_is_nothing_to_recover(tmp_path):
    with pytest.raises(ServerError, match="can't be copied"):
        recovery.keep_log(tmp_path)
    assert not list(tmp_path.glob("transactions-*"))
