"""The protocol of image and sound encoders: bytes of a file to vectors of length 1.

It is that of text encoders (`gnn.encoders.encoder.Encoder`) with decoding before. Each modality has a default encoder
from an installed package, without a network: `gnn.media.images.EfficientNetLite` and `gnn.media.sounds.Aisfx`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gnn.encoders.device import best_device, precision
from gnn.encoders.encoder import Encoder, Vectors

if TYPE_CHECKING:
    from torch import Tensor

INSTALL = "pip install 'interestgraph[media]', and with --no-deps {}"


class Unreadable(Exception):
    """An image or sound that can't be read; the message is the reason, in a few words.

    Its item goes without that modality.
    """


class MediaEncoder(Protocol):
    """Anything that embeds images or sounds. `name` is part of the cache's key; equal names give equal vectors.

    labels: an encoder of texts into the same space, as models of the CLIP type have; None without.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def labels(self) -> Encoder | None: ...

    def load(self) -> None:
        """Load the model.

        Raises:
            NotReady: a package that it needs is not installed.
            InputError: a model named by the user can't be loaded, or does not embed this modality.
        """
        ...

    def decode(self, content: bytes) -> Any:
        """The bytes of a file as `encode` takes them.

        Raises:
            Unreadable: they are not of this modality, broken, or too large.
        """
        ...

    def encode(self, inputs: Sequence[Any]) -> Vectors:
        """Embed N decoded inputs: float32, shape (N, D), rows of length 1."""
        ...


class PackagedEncoder:
    """A media encoder from an installed package, whose weights are loaded when they are first needed."""

    labels: Encoder | None = None

    def __init__(self) -> None:
        self._model: Any = None

    def load(self) -> None:
        """Load the weights of the package.

        Raises:
            NotReady: it is not installed.
        """
        if self._model is None:
            self._model = self._read().to(best_device())

    def _read(self) -> Any:
        """The model, on the CPU."""
        raise NotImplementedError

    def _forward(self, part: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
        """The output of a part of the model for a batch, in float32 on the CPU; computed on the best device."""
        import torch

        device = best_device()
        with torch.inference_mode(), precision(str(device)):
            return part(batch.to(device)).float().cpu()


def of_length_one(rows: Vectors) -> Vectors:
    """(N, D) float32, rows divided by their lengths."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float32)
