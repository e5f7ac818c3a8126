"""Disks: room for a graph, whose writes stop before a full disk damages Neo4j's log; and files written whole."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from graphstore.errors import DiskFull

MIB = 1024 * 1024
LEAST_FREE_BYTES = 512 * MIB  # for the pages in memory that the next checkpoint writes, and for the log meanwhile
ASK_SECONDS = 1.0


class DiskSpace:
    """The free space of the disk that holds a folder, asked once a second at most; threads can share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._free = 0
        self._until = 0.0

    def free(self) -> int:
        """Free bytes, as of a second ago at most."""
        now = time.monotonic()
        if now >= self._until:
            self._free = shutil.disk_usage(self.folder).free
            self._until = now + ASK_SECONDS
        return self._free

    def check(self) -> None:
        """Refuse a write if there is too little room for it.

        Raises:
            DiskFull: less than LEAST_FREE_BYTES are free.
        """
        free = self.free()
        if free < LEAST_FREE_BYTES:
            raise DiskFull(
                f"The disk of the graph has {free // MIB} MiB free; nothing is written below {LEAST_FREE_BYTES // MIB} "
                "MiB, reads go on. Make room; then the same works again, without a restart."
            )


@contextmanager
def written_whole(path: Path, private: bool = False) -> Iterator[IO[str]]:
    """A text file that takes its name at the end, when it is whole; after an error or Ctrl-C the name is as it was.

    Programs that write the same name at once don't meet: each has a temporary file of its own, in the same folder.
    What is no file, as /dev/stdout, is written as it is.  private: only the owner may read it.
    """
    if path.exists() and not path.is_file():
        with path.open("w", encoding="utf-8") as file:
            yield file
        return
    descriptor, name = tempfile.mkstemp(prefix=".interestgraph-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
            if not private:
                os.umask(umask := os.umask(0))
                os.fchmod(descriptor, 0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
