"""Calibration of cosines between encoders: thresholds are chosen for the default encoder, and converted for others.

Another encoder gives other cosines to the same pairs. So it embeds the reference pairs of `yardstick.json`: 24 names of
interests, each with a synonym and a text about it, in English and in Chinese. A linear scale maps the mean cosines of
related and of unrelated English pairs by the default encoder to those by this one. An encoder that can't find the
Chinese text of a Chinese name is taken not to read Chinese, and is not used for it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gnn.encoders.encoder import DEFAULT_NAME, Encoder, Vectors
from graphstore.extract.canonical import HAN

YARDSTICK = Path(__file__).with_name("yardstick.json")
# Means of unrelated and of related pairs by the default encoder: of names and texts, and of two names.
TEXTS, NAMES = (0.0781, 0.3380), (0.2639, 0.6825)
LEAST_FOUND = 0.5  # of the Chinese names, by their texts
LEAST_GAP = 0.02


@dataclass(frozen=True)
class LinearScale:
    """From a cosine by the default encoder to one by another: slope * cosine + offset."""

    slope: float = 1.0
    offset: float = 0.0

    def of(self, cosine: float) -> float:
        """The cosine by this encoder. cosine: by the default encoder."""
        return self.slope * cosine + self.offset

    def back(self, cosine: float) -> float:
        """The cosine by the default encoder. cosine: by this encoder."""
        return (cosine - self.offset) / self.slope


@dataclass(frozen=True)
class Scale:
    """The scales of an encoder. texts: of name and text.  names: of two names.  reads_han: whether it reads Chinese."""

    texts: LinearScale = LinearScale()
    names: LinearScale = LinearScale()
    reads_han: bool = False

    def legible(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """(N,) bool: which of N names the encoder can read."""
        return np.array([self.reads_han or not HAN.search(name) for name in names], dtype=bool)


DEFAULT_SCALE = Scale()
_known: dict[str, Scale] = {DEFAULT_NAME: DEFAULT_SCALE}
_backgrounds: dict[str, Vectors] = {}


def scale_of(encoder: Encoder) -> Scale:
    """The scale of an encoder: its attribute `scale`, or else measured, once in a process."""
    stated: Scale | None = getattr(encoder, "scale", None)
    if stated is not None:
        return stated
    if encoder.name not in _known:
        _known[encoder.name] = measure(encoder)
    return _known[encoder.name]


def measure(encoder: Encoder) -> Scale:
    """The scale of an encoder from its cosines of the reference pairs (120 short texts)."""
    names, others, texts, han, han_texts = (encoder.encode(column) for column in _yardstick())
    found = float(((han_texts @ han.T).argmax(axis=1) == np.arange(len(han))).mean())
    return Scale(_line(landmarks(texts, names), TEXTS), _line(landmarks(names, others), NAMES), found >= LEAST_FOUND)


def background(encoder: Encoder) -> Vectors:
    """Vectors of the reference texts, (24, D), or (48, D) where the encoder reads Chinese; once in a process."""
    if encoder.name not in _backgrounds:
        columns = _yardstick()
        _backgrounds[encoder.name] = encoder.encode(columns[2] + (columns[4] if scale_of(encoder).reads_han else []))
    return _backgrounds[encoder.name]


def landmarks(left: Vectors, right: Vectors) -> tuple[float, float]:
    """Mean cosines of unrelated and of related pairs. left, right: (N, D), related where rows are equal."""
    cosine = np.asarray(left @ right.T, dtype=np.float64)
    same = np.eye(len(cosine), dtype=bool)
    return float(cosine[~same].mean()), float(cosine[same].mean())


def _line(found: tuple[float, float], default: tuple[float, float]) -> LinearScale:
    slope = max(found[1] - found[0], LEAST_GAP) / (default[1] - default[0])
    return LinearScale(slope, found[0] - slope * default[0])


@cache
def _yardstick() -> list[list[str]]:
    rows: list[list[str]] = json.loads(YARDSTICK.read_text(encoding="utf-8"))
    return [list(column) for column in zip(*rows, strict=True)]
