"""Item vectors in immutable blocks: a change copies the blocks it touches, so readers never see half a change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats

BLOCK = 1024


@dataclass(frozen=True)
class Vectors:
    """(I, D) vectors as blocks of BLOCK rows; zeros for an item that has none.

    width: D.  size: I.  inverse: for each block (BLOCK,) 1 / length of each vector, 0 for zeros.
    """

    width: int
    size: int
    blocks: tuple[NDArray[np.float32], ...]
    inverse: tuple[NDArray[np.float32], ...]

    @classmethod
    def of(cls, matrix: NDArray[Any]) -> Vectors:
        """From a matrix (I, D)."""
        matrix = np.asarray(matrix, dtype=np.float32)
        blocks = tuple(matrix[n : n + BLOCK] for n in range(0, len(matrix), BLOCK))
        return cls(matrix.shape[1], len(matrix), blocks, tuple(map(_inverse, blocks)))

    def cosines(self, vector: Floats) -> Floats:
        """(I,) cosines of all items with a vector (D,); 0 for an item without a vector."""
        length = np.linalg.norm(vector)
        if not self.size or length == 0:
            return np.zeros(self.size)
        unit = (vector / length).astype(np.float32)
        parts = [block @ unit * inverse for block, inverse in zip(self.blocks, self.inverse, strict=True)]
        return np.concatenate(parts).astype(np.float64)

    def rows(self, places: Iterable[int]) -> list[NDArray[np.float32]]:
        """The vectors of these items (row numbers), empty for an item that has none."""
        none = np.zeros(0, dtype=np.float32)
        return [self.blocks[n // BLOCK][n % BLOCK] if self.inverse[n // BLOCK][n % BLOCK] > 0 else none for n in places]

    def matrix(self, rows: NDArray[Any]) -> Floats:
        """(N, D) the vectors of these items (row numbers), 0 for an item that has none."""
        found = np.zeros((len(rows), self.width))
        block, place = np.divmod(rows, BLOCK)
        for number in np.flatnonzero(np.bincount(block)).tolist():
            own = np.flatnonzero(block == number)
            found[own] = self.blocks[number][place[own]]
        return found

    def directions(self, rows: NDArray[Any]) -> NDArray[np.float32]:
        """(N, D) the same with length 1, in single precision."""
        found = np.zeros((len(rows), self.width), dtype=np.float32)
        block, place = np.divmod(rows, BLOCK)
        for number in np.flatnonzero(np.bincount(block)).tolist():
            own = np.flatnonzero(block == number)
            found[own] = self.blocks[number][place[own]] * self.inverse[number][place[own], None]
        return found

    def replaced(self, size: int, places: Sequence[int], vectors: Sequence[Sequence[float]]) -> Vectors:
        """A copy for `size` items with other vectors for some of them; a vector of another width counts as none."""
        blocks = list(self.blocks)
        for number in range(max(self.size - 1, 0) // BLOCK, (size + BLOCK - 1) // BLOCK if size > self.size else 0):
            wanted = min(size - number * BLOCK, BLOCK)
            block = blocks[number] if number < len(blocks) else np.zeros((0, self.width), dtype=np.float32)
            grown = np.vstack([block, np.zeros((wanted - len(block), self.width), dtype=np.float32)])
            blocks[number : number + 1] = [grown]
        changed = {n for n, block in enumerate(blocks) if n >= len(self.blocks) or block is not self.blocks[n]}
        moved = [n for n, place in enumerate(places) if not _same(blocks[place // BLOCK][place % BLOCK], vectors[n])]
        places, vectors = [places[n] for n in moved], [vectors[n] for n in moved]
        touched = {place // BLOCK for place in places}
        for number in touched - changed:
            blocks[number] = blocks[number].copy()
        for place, vector in zip(places, vectors, strict=True):
            blocks[place // BLOCK][place % BLOCK] = vector if len(vector) == self.width else 0.0
        inverse = [
            _inverse(block) if number in touched | changed else self.inverse[number]
            for number, block in enumerate(blocks)
        ]
        return Vectors(self.width, size, tuple(blocks), tuple(inverse))


def _same(row: NDArray[np.float32], vector: Sequence[float]) -> bool:
    wanted = np.asarray(vector, dtype=np.float32)
    return np.array_equal(row, wanted) if len(wanted) == len(row) else not row.any()


def _inverse(block: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(block, axis=1)
    return np.where(length > 0, 1 / np.where(length > 0, length, 1), 0).astype(np.float32)
