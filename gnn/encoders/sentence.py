"""Pre-trained language models that turn text into vectors; loaded only when something new has to be embedded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gnn.encoders.device import precision
from gnn.encoders.encoder import DEFAULT_DIMENSION, DEFAULT_NAME, LONGEST_TEXT, Vectors
from gnn.encoders.packaged import be_quiet, packaged_model
from graphstore.errors import InputError

if TYPE_CHECKING:
    pass

BATCH_TEXTS = 64


class SentenceEncoder:
    """A sentence-transformers model. Without a name: the MiniLM model of the installed package, with no network.

    name: a model's name on a hub, or the path of a folder; a multilingual model is chosen by its name.
    """

    def __init__(self, name: str | None = None, device: str | None = None) -> None:
        self._source = None if name == DEFAULT_NAME else name
        self._device = device
        self._model: Any = None

    @property
    def name(self) -> str:
        """What the model is called in the cache and in the graph."""
        return self._source or DEFAULT_NAME

    @property
    def dimension(self) -> int:
        """Width D of the vectors; the default's is known without loading it."""
        if self._source is None:
            return DEFAULT_DIMENSION
        return int(self.load().get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed N texts: float32, shape (N, D), rows of length 1.

        Raises:
            NotReady: the default model's package is not installed.
            InputError: the named model can't be loaded.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        model = self.load()
        with precision(str(model.device)):
            vectors = model.encode(
                [text[:LONGEST_TEXT] for text in texts],
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
