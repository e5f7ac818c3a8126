"""Room on the disk of a graph. Writes stop before it is full, because a full disk damages Neo4j's transaction log."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

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
