"""Sentence encoders: pre-trained transformer models of sentence-transformers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gnn.encoders.device import precision
from gnn.encoders.encoder import DEFAULT_DIMENSION, DEFAULT_NAME, LazyEncoder, Vectors
from gnn.encoders.packaged import be_quiet, packaged_model
from graphstore.errors import InputError

BATCH_TEXTS = 64


class SentenceEncoder(LazyEncoder):
    """A sentence-transformers model; without a name the MiniLM model of an installed package, without a network.

    name: of a model on a hub, such as a multilingual one, or the path of a folder.
    """

    def __init__(self, name: str | None = None, device: str | None = None) -> None:
        self._source = None if name == DEFAULT_NAME else name
        self._device = device
        self._model: Any = None

    @property
    def name(self) -> str:
        """The model's name in the cache and in the graph."""
        return self._source or DEFAULT_NAME

    @property
    def dimension(self) -> int:
        """Width D of the vectors; that of the default model is known without loading it."""
        if self._source is None:
            return DEFAULT_DIMENSION
        return int(self.load().get_embedding_dimension())

    def _embed(self, texts: list[str]) -> Vectors:
        model = self.load()
        with precision(str(model.device)):
            vectors = model.encode(
                texts,
                batch_size=BATCH_TEXTS,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return np.asarray(vectors, dtype=np.float32)

    def load(self) -> Any:
        """The sentence-transformers model.

        Raises:
            NotReady: the default model's package is not installed.
            InputError: the named model can't be loaded.
        """
        if self._model is None:
            source = self._source or packaged_model()
            be_quiet(source)
            from sentence_transformers import SentenceTransformer

            try:
                self._model = SentenceTransformer(source, device=self._device)
            except (OSError, ValueError) as error:
                raise InputError(f"Encoder {self.name!r} can't be loaded: {error}") from error
        return self._model
