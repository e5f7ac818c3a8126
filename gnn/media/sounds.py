"""The sound encoder: aiSFX, a network for sound effects, from an installed package.

Reference: Ma and Lerch, "Representation Learning for the Automatic Indexing of Sound Effects Libraries", ISMIR 2022.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gnn.encoders.encoder import Vectors
from gnn.media.encoder import INSTALL, PackagedEncoder, Unreadable, of_length_one
from graphstore.errors import NotReady

AUDIO_NAME, AUDIO_DIMENSION = "aisfx", 512
# As in the training of the weights:
RATE = 44_100  # Hz
WINDOW, HOP, BANDS = 2048, 1024, 96  # samples, samples, mel bands
BLOCK, BLOCK_HOP = 100, 50  # frames of a block of 2.3 s, and from one to the next
LARGEST = 9.457798957824707  # log10(1 + 10,000 x) of the loudest sound, by which spectrograms are divided

LONGEST_SECONDS = 20.0  # of a sound, from its beginning
FASTEST = 384_000  # Hz


@dataclass(frozen=True)
class Sound:
    """A decoded sound. samples: (N,) float32, one channel, at RATE Hz."""

    samples: NDArray[np.float32]


def decode_sound(content: bytes) -> Sound:
    """The first LONGEST_SECONDS of a WAV, FLAC, OGG or MP3 file, channels averaged, at RATE Hz.

    Raises:
        Unreadable: the content is no such file, broken, or empty.
    """
    import soundfile
    import soxr

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            rate = int(file.samplerate)
            if not 0 < rate <= FASTEST:
                raise Unreadable(f"a sound of {rate} samples a second")
            samples = file.read(int(LONGEST_SECONDS * rate), dtype="float32", always_2d=True).mean(axis=1)
    except (soundfile.SoundFileError, RuntimeError, ValueError, MemoryError) as error:
        raise Unreadable(f"no sound that can be read ({type(error).__name__})") from error
    if not len(samples) or not np.isfinite(samples).all():
        raise Unreadable("a sound without samples")
    return Sound(np.asarray(soxr.resample(samples, rate, RATE), dtype=np.float32))


class Aisfx(PackagedEncoder):
    """aiSFX: the mean of its vectors of blocks of 2.3 seconds, D = 512; sounds are brought to one loudness first."""

    name, dimension = AUDIO_NAME, AUDIO_DIMENSION
    decode = staticmethod(decode_sound)

    def _read(self) -> Any:
        try:
            import soundfile  # noqa: F401
            import soxr  # noqa: F401
            import torch
            from aisfx.inference import get_path_modelWeights
            from aisfx.models.cnn2d import EmbeddingNet
            from numpy._core.multiarray import scalar
        except (ImportError, OSError) as error:
            raise NotReady(f"Sounds are not read: {INSTALL.format('aisfx')}.") from error
        beside: Any = [(scalar, "numpy.core.multiarray.scalar"), np.dtype, np.dtypes.Int64DType]  # class counts
        with torch.serialization.safe_globals(beside):
            weights, _ = torch.load(get_path_modelWeights(), map_location="cpu", weights_only=True)
        own = "embedding_net."
        model = EmbeddingNet("max", 3, 1, 64)
        model.load_state_dict({key.removeprefix(own): value for key, value in weights.items() if key.startswith(own)})
        return model.eval()

    def encode(self, inputs: Sequence[Sound]) -> Vectors:
        """Embed N sounds: float32, shape (N, 512), rows of length 1."""
        import torch

        self.load()
        rows = [np.zeros(AUDIO_DIMENSION, dtype=np.float32)]
        for sound in inputs:
            rows.append(self._forward(self._model, torch.from_numpy(blocks(sound))).mean(0).numpy())
        return of_length_one(np.stack(rows)[1:])


def blocks(sound: Sound) -> NDArray[np.float32]:
    """(B, BLOCK, BANDS) blocks of the mel spectrogram log10(1 + 10,000 x) / LARGEST, 0 past the end; at least one.

    Full-scale and with bands of unit area, as by Essentia, whose spectrograms the weights were trained with.
    """
    from transformers.audio_utils import mel_filter_bank, spectrogram, window_function

    filters = mel_filter_bank(WINDOW // 2 + 1, BANDS, 0.0, RATE / 2, RATE, norm=None, mel_scale="htk")
    filters = filters / np.maximum(filters.sum(axis=0, keepdims=True), 1e-12)
    loudest = max(float(np.abs(sound.samples).max()), 1e-9)
    samples = np.pad(sound.samples / loudest, (0, max(0, WINDOW - len(sound.samples))))
    hann = window_function(WINDOW, "hann")
    power = spectrogram(samples, hann, WINDOW, HOP, power=2.0, pad_mode="constant", mel_filters=filters, mel_floor=0.0)
    frames = np.log10(1e4 * power.T + 1) / LARGEST  # (T, BANDS)
    count = 1 + max(0, -(-(len(frames) - BLOCK) // BLOCK_HOP))
    padded = np.pad(frames, ((0, max(0, (count - 1) * BLOCK_HOP + BLOCK - len(frames))), (0, 0)))
    starts = range(0, count * BLOCK_HOP, BLOCK_HOP)
    return np.stack([padded[start : start + BLOCK] for start in starts]).astype(np.float32)
