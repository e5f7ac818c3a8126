"""Static encoders: a vector for each token, a text being the mean of its tokens. Ten times as fast, less accurate.

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
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from gnn.encoders.encoder import DEFAULT_NAME, LazyEncoder, Vectors
from gnn.encoders.packaged import be_quiet, packaged_model
from graphstore.errors import InputError

STATIC = "static"
WIDTH = 256
STATIC_NAME = f"{STATIC}-{DEFAULT_NAME}-{WIDTH}"
FREQUENT = 1e-4  # tokens with a larger probability weigh less than half
RECIPE = 1  # version of the distilling; another version needs another STATIC_NAME
TEXTS_AT_ONCE = 1_024


def is_static(name: str | None) -> TypeGuard[str]:
    """Whether this names a static model: "static", STATIC_NAME, or the folder of a saved model."""
    if name in (STATIC, STATIC_NAME):
        return True
    try:
        described = json.loads((Path(name) / "config.json").read_text(encoding="utf-8")) if name else {}
    except (OSError, ValueError):
        return False
    return isinstance(described, dict) and described.get("model_type") == "model2vec"


class StaticEncoder(LazyEncoder):
    """A model2vec model; by the name "static" one that is distilled from the default model once and kept on disk.

    name: as `is_static` takes it.  models: the folder of distilled models.
    """

    def __init__(self, name: str, models: Path) -> None:
        self._source = None if name in (STATIC, STATIC_NAME) else name
        self._models = models
        self._model: Any = None
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The model's name in the cache and in the graph."""
        return self._source or STATIC_NAME

    @property
    def dimension(self) -> int:
        """Width D of the vectors; that of the distilled model is known without loading it."""
        return WIDTH if self._source is None else int(self._load().dim)

    def _embed(self, texts: list[str]) -> Vectors:
        model = self._load()
        found = model.encode(texts, batch_size=TEXTS_AT_ONCE, max_length=None, use_multiprocessing=False)
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
    """(D,) the vector of a text without a known token."""
    vector = np.zeros(model.dim, dtype=np.float32)
    if model.unk_token_id is not None:
        vector += model.embedding[model.unk_token_id]
    if not vector.any():
        vector[0] = 1.0
    return vector


def distilled(models: Path) -> Path:
    """The folder of the model distilled from the default one; distilled now if it is missing (half a minute).

    Its name ends in a hash of the default model's files and of the settings of distilling.
    """
    source = packaged_model()
    made_of = [_digest(Path(source)), WIDTH, FREQUENT, RECIPE]
    folder = models / f"{STATIC_NAME}-{hashlib.sha256(repr(made_of).encode()).hexdigest()[:12]}"
    if not folder.is_dir():
        models.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=models, prefix=f"{STATIC_NAME}-") as scratch:
            ready = Path(scratch) / "model"
            _distil(source).save_pretrained(ready)
            with contextlib.suppress(OSError):  # another process was faster
                ready.rename(folder)
    return folder


def _distil(source: str) -> Any:
    """Distil a model; deterministic."""
    be_quiet(source)
    from model2vec.distill import distill

    with contextlib.redirect_stderr(io.StringIO()):  # its progress bar
        return distill(source, device="cpu", pca_dims=WIDTH, sif_coefficient=FREQUENT, quantize_to="float32")


def _digest(folder: Path) -> str:
    """SHA-256 of a model's weights and tokenizer."""
    found = hashlib.sha256()
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin"), folder / "tokenizer.json"]):
        with path.open("rb") as stream:
            found.update(hashlib.file_digest(stream, "sha256").digest())
    return found.hexdigest()
