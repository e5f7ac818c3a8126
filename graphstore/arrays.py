"""Array types, and the array operations that several rooms share: index ranges, distinct numbers, the k highest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]  # row numbers or positions
Ties = Callable[[Rows], Sequence[NDArray[Any]]]


def ranges(start: NDArray[Any], count: NDArray[Any]) -> tuple[Rows, Rows]:
    """The numbers of N ranges, one range after the other.

    start, count: (N,) the first number and the length of each range.

    Returns:
        Which range each number is of, and the number: `ranges([5, 9], [2, 1])` is [0, 0, 1], [5, 6, 9].
    """
    owner = np.repeat(np.arange(len(start)), count)
    return owner, np.arange(len(owner)) + np.repeat(start - np.cumsum(count) + count, count)


def unique_in_range(numbers: NDArray[Any], size: int) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """`np.unique` with `return_inverse` for integers from 0 to `size` - 1, in linear time, by an array of that size.

    numbers: (N,), fewer than 2^31.

    Returns:
        The distinct numbers (in no particular order), and for each number its position among them.

    Measured with numpy 2.4 on two cores, size 20,000, 1e3 / 1e4 / 1e5 / 1e6 numbers: 6 us / 39 us / 0.4 ms / 10 ms;
    `np.unique` takes 24 us / 116 us / 3.0 ms / 122 ms.
    """
    last = np.empty(size, dtype=np.int32)  # is read only where it was written
    position = np.arange(len(numbers), dtype=np.int32)
    last[numbers] = position
    unique = numbers[last[numbers] == position]
    last[unique] = np.arange(len(unique), dtype=np.int32)
    return unique, last[numbers]


def kth_largest(scores: NDArray[Any], k: int) -> NDArray[Any]:
    """The k-th largest of the scores along the last axis, by partition: (…, N) -> (…); k from 1 to N."""
    place = scores.shape[-1] - k
    return np.asarray(np.partition(scores, place, axis=-1)[..., place])


def top_k(scores: NDArray[Any], k: int, ties: Ties | None = None) -> Rows:
    """Positions of the k highest of scores (N,), best first; of all where there are fewer.

    ties: gives the keys (P,) that order equal scores, ascending, the most important first, for P positions: it is asked
    for the scores that reach the k-th largest only. By position where None.
    """
    places = np.flatnonzero(scores >= kth_largest(scores, k)) if len(scores) > k > 0 else np.arange(len(scores))
    keys = reversed(ties(places)) if ties else ()
    return places[np.lexsort((*keys, -scores[places]))[:k]]
