"""Ratings of one file that lie far from the others, as 99 does among 1 to 5."""

from __future__ import annotations

from collections import Counter

LEAST, MOST_DISTINCT = 20, 10_000
EDGE = 0.05  # of the ratings, at either end, are left out when the usual range is looked for
FAR = 2.0  # times the width or the height of the usual range beyond its end


class Ratings:
    """The ratings of one file, counted by value, with the first line that had each."""

    def __init__(self) -> None:
        self._counts: Counter[float] = Counter()
        self._lines: dict[float, int] = {}

    def add(self, value: float | None, line: int) -> None:
        """Count the rating of a line; None where it has none."""
        if value is not None and (value in self._counts or len(self._counts) < MOST_DISTINCT):
            self._counts[value] += 1
            self._lines.setdefault(value, line)

    def note(self) -> str | None:
        """What to say of ratings far from the others; None where there are none."""
        total = self._counts.total()
        if total < LEAST:
            return None
        low, high = self._at(EDGE * total), self._at((1 - EDGE) * total)
        reach = max(high - low, abs(low), abs(high))
        far = [value for value in sorted(self._counts) if value < low - FAR * reach or value > high + FAR * reach]
        if not far:
            return None
        rows = sum(self._counts[value] for value in far)
        examples = ", ".join(f"{value:g} (line {self._lines[value]:,})" for value in far[:3])
        return (
            f"Ratings far from the others, most of which lie between {low:g} and {high:g}: {rows:,} of {total:,}, as "
            f"{examples}. They count as they are. To refuse such ones, set lowest and highest of [rate] in the file "
            "that INTERESTGRAPH_KINDS names."
        )

    def _at(self, place: float) -> float:
        """The value at a place of all ratings in their order."""
        passed = 0.0
        value = 0.0
        for value in sorted(self._counts):
            passed += self._counts[value]
            if passed > place:
                break
        return value
