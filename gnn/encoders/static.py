"""Static models: an embedding for each token, and a text is their mean. Ten times as fast and more, and less exact.

Reference: Tulkens and van Dongen, "Model2Vec: Fast State-of-the-Art Static Embeddings", 2024: each token of the
vocabulary goes through the sentence model alone, PCA makes the vectors narrower, and a token counts the less the more
frequent it is (by Zipf's law; Arora et al., "A simple but tough-to-beat baseline for sentence embeddings", ICLR 2017).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from gnn.encoders.encoder import DEFAULT_NAME, LONGEST_TEXT, Vectors
from gnn.encoders.packaged import be_quiet, packaged_model
from graphstore.errors import InputError

STATIC = "static"
WIDTH = 256
STATIC_NAME = f"{STATIC}-{DEFAULT_NAME}-{WIDTH}"
FREQUENT = 1e-4  # tokens of a larger probability count less than half
RECIPE = 1  # another one needs another STATIC_NAME, as equal names have to give equal vectors
TEXTS_AT_ONCE = 1_024


def is_static(name: str | None) -> TypeGuard[str]:
    """Whether a static model is called so: "static", the name of what is distilled, or the folder of a saved one."""
    if name in (STATIC, STATIC_NAME):
        return True
    try:
        described = json.loads((Path(name) / "config.json").read_text(encoding="utf-8")) if name else {}
    except (OSError, ValueError):
        return False
    return isinstance(described, dict) and described.get("model_type") == "model2vec"


class StaticEncoder:
    """A model2vec model. By the name "static" one that is distilled from the default model once, and then kept.

    name: as `is_static` takes it.  models: the folder in which what was distilled is kept.
    """

    def __init__(self, name: str, models: Path) -> None:
        self._source = None if name in (STATIC, STATIC_NAME) else name
        self._models = models
        self._model: Any = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """What the model is called in the cache and in the graph."""
        return self._source or STATIC_NAME

    @property
    def dimension(self) -> int:
        """Width D of the vectors; that of the distilled one is known without loading it."""
        return WIDTH if self._source is None else int(self._load().dim)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed N texts: float32, shape (N, D), rows of length 1. A text of unknown tokens is that of "unknown".

        Raises:
            NotReady: the default model's package is not installed.
            InputError: the named model can't be loaded.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        model = self._load()
        cut = [text[:LONGEST_TEXT] for text in texts]
        found = model.encode(cut, batch_size=TEXTS_AT_ONCE, max_length=None, use_multiprocessing=False)
        vectors: Vectors = np.asarray(found, dtype=np.float32)
        vectors[~vectors.any(axis=1)] = _unknown(model)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _load(self) -> Any:
        with self._lock:
            if self._model is None:
                from model2vec import StaticModel

                folder = self._source or str(distilled(self._models))
                try:
                    self._model = StaticModel.from_pretrained(folder, normalize=True)
                except (OSError, ValueError, KeyError) as error:
                    raise InputError(f"Encoder {self.name!r} can't be loaded: {error}") from error
        return self._model


def _unknown(model: Any) -> Vectors:
    """(D,) that stands for a text of which no token is known."""
    vector = np.zeros(model.dim, dtype=np.float32)
    if model.unk_token_id is not None:
        vector += model.embedding[model.unk_token_id]
    if not vector.any():
        vector[0] = 1.0
    return vector


def distilled(models: Path) -> Path:
    """The folder of the model that is distilled from the default one; made where it is not there yet (half a minute).

    Its name says what it was made of, by content, and how: another default model gets another folder.
    """
    source = packaged_model()
    made_of = [_digest(Path(source)), WIDTH, FREQUENT, RECIPE]
    folder = models / f"{STATIC_NAME}-{hashlib.sha256(repr(made_of).encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        models.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=models, prefix=f"{STATIC_NAME}-") as scratch:
            ready = Path(scratch) / "model"
            _distil(source).save_pretrained(ready)
            with contextlib.suppress(OSError):  # somebody else was faster
                ready.rename(folder)
    return folder


def _distil(source: str) -> Any:
    """Nothing in it is drawn at random: the same model gives the same vectors."""
    be_quiet(source)
    from model2vec.distill import distill

    with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
        return distill(source, device="cpu", pca_dims=WIDTH, sif_coefficient=FREQUENT, quantize_to="float32")


def _digest(folder: Path) -> str:
    """SHA-256 over the weights and the tokenizer."""
    found = hashlib.sha256()
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin"), folder / "tokenizer.json"]):
        with path.open("rb") as stream:
            found.update(hashlib.file_digest(stream, "sha256").digest())
    return found.hexdigest()
