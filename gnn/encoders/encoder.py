"""The encoder protocol: texts to vectors of length 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    pass

Vectors = NDArray[np.float32]
DEFAULT_NAME = "all-MiniLM-L6-v2"
DEFAULT_DIMENSION = 384
LONGEST_TEXT = 4_000


class Encoder(Protocol):
    """Anything that embeds text. `name` keys the cache; equal names must give equal vectors for equal texts."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed N texts: float32, shape (N, D), rows of length 1."""
        ...
