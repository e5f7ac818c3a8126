"""What is noticed of a file as a whole while its rows are stored, and said once at the end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graphstore.collect.columns import Columns
from graphstore.collect.diagnosis import encoding_note, failure
from graphstore.collect.files import NOT_UTF_8, Source
from graphstore.collect.ratings import Ratings
from graphstore.collect.store import Counts
from graphstore.collect.validation import Checked

BROKEN_BYTES = 1 << 16
MOST_REMEMBERED = 10_000_000


class Repeats:
    """Counts ids that come again in a file. It remembers 8 bytes of each, of the first MOST_REMEMBERED ids."""

    def __init__(self) -> None:
        self.count = 0
        self._runs: list[NDArray[np.uint64]] = []  # sorted, each at least twice as long as the next

    def add(self, ids: Sequence[str]) -> None:
        """Count those of some ids, made of hexadecimal digits, that came before."""
        found = np.unique(np.array([int(one[:16], 16) for one in ids], dtype=np.uint64))
        known = np.zeros(len(found), dtype=bool)
        for run in self._runs:
            known |= run[np.minimum(np.searchsorted(run, found), len(run) - 1)] == found
        new = found[~known]
        self.count += len(ids) - len(new)
        if len(new) and sum(map(len, self._runs)) < MOST_REMEMBERED:
            while self._runs and len(self._runs[-1]) < 2 * len(new):
                new = np.sort(np.concatenate((self._runs.pop(), new)))
            self._runs.append(new)


class Watch:
    """Looks at the rows of one source of `what`: unknown columns, equal events, ratings far from the others, and lines
    that are not UTF-8."""

    def __init__(self, what: str, source: Source, columns: Columns) -> None:
        self._what, self._source, self._columns = what, source, columns
        self._rows = 0
        self._broken, self._broken_lines = b"", 0
        self._ratings = Ratings()
        self._repeats = Repeats()

    def see(self, batch: list[Checked]) -> None:
        """Look at some rows, good and bad."""
        self._rows += len(batch)
        self._repeats.add([row.row["event_id"] for row in batch if row.problem is None and not row.named])
        for row in batch:
            if row.type == "RATED":
                self._ratings.add(row.row["value"], row.line.number)
            elif row.problem is not None and row.problem.startswith(NOT_UTF_8):
                self._broken_lines += 1
                self._broken += row.line.raw if len(self._broken) < BROKEN_BYTES else b""

    def tell(self, counts: Counts) -> None:
        """Note what was seen in the counts of the source."""
        stored = counts.created + counts.updated + counts.duplicate
        if self._rows and not stored:
            counts.failed = failure(self._what, self._source, self._columns, self._rows, self._broken)
            return
        if not self._rows and self._source.size is not None:
            counts.notes.append("The file has no rows.")
        counts.notes += self._columns.notes()
        if self._broken:
            counts.notes.append(encoding_note(self._broken, self._broken_lines))
        if self._repeats.count:
            counts.notes.append(
                "Events without event_id that are equal to another of the file in user_id, item_id, kind, timestamp, "
                f"value, session_id and text count as one with it: {self._repeats.count:,}. To keep both, give each "
                "row an event_id."
            )
        counts.notes += [note] if (note := self._ratings.note()) else []
