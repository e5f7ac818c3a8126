"""A managed server whose database does not open: what Neo4j's log says of it, and what a recovery cut off.

A disk that was full leaves a torn transaction log: Neo4j wrote a part of a transaction, stopped its database, and wrote
the whole of it once more when it was stopped with room again. It refuses to open such a log unless it is told to cut
the unreadable end off. A transaction counts as stored, and is acknowledged, only once it stands in the log completely.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from graphstore.errors import ServerError

READ_BYTES = 4_000_000
CUT_SETTING = {"internal.dbms.tx_log.fail_on_corrupted_log_files": "false"}
STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d{4}) ")
FAILED = "Failed to start DatabaseId{"
TORN = "Error reading transaction logs, recovery not possible"
CUT = re.compile(r"Highest recovered transaction id:(\d+).*?logVersion=(\d+), byteOffset=(\d+)")


def log_since(folder: Path, since: float, word: str = "") -> Iterator[str]:
    """The lines of debug.log from a moment on (seconds since 1970), without stack traces; none if `word` is nowhere.

    folder: of the server.
    """
    try:
        with (folder / "logs" / "debug.log").open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - READ_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return
    if word not in text:  # a start asks many times a second
        return
    later = False
    for line in text.splitlines():
        stamp = STAMP.match(line)
        if stamp:
            later = datetime.strptime(stamp[1], "%Y-%m-%d %H:%M:%S.%f%z").timestamp() >= since
        if later and not line.lstrip().startswith(("at ", "... ")):
            yield line


def start_failure(folder: Path, since: float) -> str | None:
    """Why a server that was started at `since` does not open its database, and what to do; None if it may yet."""
    failed, reasons = False, []
    for line in log_since(folder, since, FAILED):
        failed = failed or FAILED in line
        if failed and line.startswith("Caused by: "):
            reasons.append(line.removeprefix("Caused by: ")[:300])
    if not failed:
        return None
    if any(TORN in reason for reason in reasons):
        return (
            f"Neo4j in {folder} can't read the end of its transaction log, as happens after a full disk. "
            "`interestgraph server start --recover` cuts the unreadable end off, keeps a copy of the log, and says up "
            "to where everything is there."
        )
    told = "\n".join(dict.fromkeys(reasons)) or "(no reason)"
    return f"Neo4j in {folder} can't open its database: {folder / 'logs' / 'debug.log'} has more. It wrote:\n{told}"


def keep_log(folder: Path) -> Path:
    """Copy the transaction logs before a recovery cuts them; returns the copy's folder.

    Raises:
        ServerError: there is no log, or no room for its copy.
    """
    logs = folder / "data" / "transactions"
    copy = folder / f"transactions-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    try:
        shutil.copytree(logs, copy)
    except (OSError, shutil.Error) as error:
        shutil.rmtree(copy, ignore_errors=True)
        raise ServerError(f"The transaction logs in {logs} can't be copied to {copy}: {error}. Make room.") from error
    return copy


def outcome(folder: Path, since: float, copy: Path) -> str:
    """What a recovery that began at `since` did. copy: of the log as it was before."""
    for line in log_since(folder, since):
        cut = CUT.search(line)
        if cut:
            highest, version, offset = (int(part) for part in cut.groups())
            return (
                f"Every transaction up to number {highest} is there. {_cut_bytes(copy, version, offset):,} bytes after "
                "it, which held no whole transaction that Neo4j can read, were cut off. Neo4j acknowledges a "
                f"transaction only once all of it is in the log. The log as it was: {copy}"
            )
    return f"The database opened, and nothing had to be cut off. A copy of the log: {copy}"


def _cut_bytes(copy: Path, version: int, offset: int) -> int:
    files = (path for path in copy.rglob("neostore.transaction.db.*") if "system" not in path.parts)
    sizes = {int(path.suffix[1:]): path.stat().st_size for path in files if path.suffix[1:].isdigit()}
    return sum(size - (offset if number == version else 0) for number, size in sizes.items() if number >= version)
