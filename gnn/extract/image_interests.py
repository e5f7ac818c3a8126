"""Zero-shot interests of images, by image models that embed texts in the same space (CLIP)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import Vectors
from gnn.extract.matching import BLOCK, About
from gnn.extract.vocabulary import Term
from gnn.media.reading import MediaReader
from graphstore import batches as graph
from graphstore.database.client import Client
from graphstore.errors import NotReady
from graphstore.extract import media as media_graph
from graphstore.settings import Settings

MOST_SEEN, LEAST_SEEN = 3, 0.1
CLIP_SCALE = 100.0  # factor of cosines in the softmax of models of the CLIP type


class ImageInterests:
    """Interests of items' images. The model is loaded only when items are matched to interests.

    media: the reader of the images.  images: whether items have images, or had some.
    """

    def __init__(self, client: Client, media: MediaReader, settings: Settings, images: bool) -> None:
        self._client, self._settings = client, settings
        self._encoder = media.encoders["image"] if images else None

    @cached_property
    def _labels(self) -> CachedEncoder | None:
        """The encoder of interests into the space of images; None if the model embeds no texts, or is not installed."""
        try:
            tower = self._encoder.labels if self._encoder else None
        except NotReady:
            return None
        return CachedEncoder(tower, self._settings.cache) if tower else None

    def others(self, changed: Sequence[str]) -> list[str]:
        """Items to match again, of those whose images changed; none if images are not matched."""
        return list(changed) if changed and self._labels else []

    def shown(self, terms: Sequence[Term], item_ids: Sequence[str]) -> dict[str, list[About]]:
        """By item the interests of its image; {} if interests can't be embedded into the space of images."""
        if not terms or not item_ids or self._labels is None:
            return {}
        vectors = self._labels.encode([term.label for term in terms])
        found: dict[str, list[About]] = {}
        for batch in graph.batched(item_ids, graph.ITEM_ROWS):
            for modality, positions, images in media_graph.read_vectors(self._client, batch):
                if modality == "image" and images.shape[1] == vectors.shape[1]:
                    ids = [batch[position] for position in positions.tolist()]
                    found |= dict(zip(ids, seen(terms, vectors, images), strict=True))
        return found


def seen(terms: Sequence[Term], labels: Vectors, images: Vectors) -> list[list[About]]:
    """For each of N images the interests with a share of LEAST_SEEN or more, at most MOST_SEEN.

    The share is a softmax over all V interests of CLIP_SCALE times the cosine.
    labels: (V, D) of the interests.  images: (N, D). Both by one model, rows of length 1.

    Reference: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021.
    """
    near = [n for n, term in enumerate(terms) if not term.name[0].isdigit()]
    found: list[list[About]] = []
    for start in range(0, len(images), BLOCK):
        scores = CLIP_SCALE * images[start : start + BLOCK] @ labels[near].T
        shares = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
        shares /= shares.sum(axis=1, keepdims=True)
        for row in shares:
            best = [int(n) for n in np.argsort(-row, kind="stable")[:MOST_SEEN] if row[n] >= LEAST_SEEN]
            weights = [(terms[near[n]].name, round(float(row[n]), 4)) for n in best]
            found.append([{"name": name, "weight": weight, "extracted_by": "image"} for name, weight in weights])
    return found
