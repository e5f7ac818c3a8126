"""Array types, and index ranges of ragged arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


def ranges(start: Rows, count: Rows) -> tuple[Rows, Rows]:
    """Of N ranges of numbers, one after another: of which range each number is, and the numbers."""
    place = np.repeat(np.arange(len(start)), count)
    return place, np.arange(len(place)) + (start - np.cumsum(count) + count)[place]
