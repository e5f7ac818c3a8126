"""Encoders to compare the default one with: keywords, and random vectors that hold nothing of the text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from gnn.encoders.encoder import DEFAULT_DIMENSION, Vectors


class RandomEncoder:
    """A vector for each text, drawn by a hash of it: equal texts are near, all others are not. The control."""

    dimension = DEFAULT_DIMENSION
    name = "random vectors"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(N, D) float32, rows of length 1."""
        if not len(texts):
            return np.zeros((0, self.dimension), dtype=np.float32)
        seeds = [int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big") for text in texts]
        drawn = [np.random.default_rng(seed).standard_normal(self.dimension) for seed in seeds]
        return normalize(np.array(drawn).reshape(len(texts), self.dimension)).astype(np.float32)


class KeywordEncoder:
    """TF-IDF of words and pairs of words, with as many singular vectors as the default encoder has numbers.

    texts: of the items, from which words and weights are learned. A text without a known word gets a random one.
    """

    dimension = DEFAULT_DIMENSION

    def __init__(self, texts: Sequence[str]) -> None:
        self.name = "keywords " + hashlib.sha256("\0".join(sorted(texts)).encode("utf-8", "replace")).hexdigest()[:12]
        self._words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, stop_words="english")
        matrix = self._words.fit_transform(texts)
        self._vectors = TruncatedSVD(min(self.dimension, matrix.shape[1] - 1), random_state=0).fit(matrix)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(N, D) float32, rows of length 1."""
        found = np.zeros((len(texts), self.dimension))
        if len(texts):
            known = self._vectors.transform(self._words.transform(texts))
            found[:, : known.shape[1]] = known
        unknown = np.flatnonzero(np.linalg.norm(found, axis=1) < 1e-9)
        found[unknown] = RandomEncoder().encode([texts[n] for n in unknown.tolist()])
        return normalize(found).astype(np.float32)
