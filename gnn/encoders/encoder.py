"""The encoder protocol: texts to vectors of length 1.

Names: N texts, D width of vectors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
DEFAULT_NAME = "all-MiniLM-L6-v2"
DEFAULT_DIMENSION = 384
LONGEST_TEXT = 4_000  # characters


class Encoder(Protocol):
    """Anything that embeds text. `name` is part of the cache's key; equal names give equal vectors for equal texts."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed N texts: float32, shape (N, D), rows of length 1."""
        ...


class LazyEncoder(ABC):
    """An encoder that loads its model when it embeds its first text; longer texts are cut at LONGEST_TEXT."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Width D of the vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed N texts: float32, shape (N, D), rows of length 1.

        Raises:
            NotReady: the package of the model is not installed.
            InputError: a model named by the user can't be loaded.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        return self._embed([text[:LONGEST_TEXT] for text in texts])

    @abstractmethod
    def _embed(self, texts: list[str]) -> Vectors:
        """(N, D) vectors of one text or more, none longer than LONGEST_TEXT."""
