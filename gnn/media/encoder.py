"""Images and sounds behind the interface that text has: a name, a width, and rows of length 1 for what is given.

`gnn.encoders.encoder.Encoder` embeds texts; a `MediaEncoder` decodes the bytes of a file first. Each modality has a
default: an installed package, with no network: `gnn.media.images.EfficientNetLite` and `gnn.media.sounds.Aisfx`.
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
    """One image or sound that can't be had: the reason, in a few words. It costs its item that modality alone."""


class MediaEncoder(Protocol):
    """Anything that embeds images or sounds. `name` keys the cache; equal names give equal vectors for equal bytes.

    labels: embeds texts into the same space, where the model can (CLIP); None where it can't.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def labels(self) -> Encoder | None: ...

    def load(self) -> None:
        """Have the model ready.

        Raises:
            NotReady: a package of it is not installed.
            InputError: a named model can't be loaded, or does not embed this modality.
        """
        ...

    def decode(self, content: bytes) -> Any:
        """What `encode` takes, out of the bytes of a file.

        Raises:
            Unreadable: it is no such file, is broken, or is too large.
        """
        ...

    def encode(self, inputs: Sequence[Any]) -> Vectors:
        """Embed N decoded inputs: float32, shape (N, D), rows of length 1."""
        ...


class PackagedEncoder:
    """A media encoder of an installed package, whose weights are read when they are first needed."""

    labels: Encoder | None = None

    def __init__(self) -> None:
        self._model: Any = None

    def load(self) -> None:
        """Read the weights of the package.

        Raises:
            NotReady: it is not installed.
        """
        if self._model is None:
            self._model = self._read().to(best_device())

    def _read(self) -> Any:
        raise NotImplementedError

    def _forward(self, part: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
        """What a part of the model makes of a batch, in float32 on the CPU, wherever it is computed."""
        import torch

        device = best_device()
        with torch.inference_mode(), precision(str(device)):
            return part(batch.to(device)).float().cpu()


def of_length_one(rows: Vectors) -> Vectors:
    """(N, D) float32 rows divided by their lengths."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), dtype=np.float32)
