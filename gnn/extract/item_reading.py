"""Reading of items: texts are embedded and matched to the vocabulary, and written while the next ones are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np

from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import Vectors
from gnn.extract.background_writer import BackgroundWriter
from gnn.extract.cosine_scale import background, scale_of
from gnn.extract.image_interests import ImageInterests
from gnn.extract.matching import About, Matcher
from gnn.extract.vocabulary import Term
from graphstore.batches import batched
from graphstore.database.client import Client
from graphstore.errors import InputError
from graphstore.extract import content_index
from graphstore.extract import interests as graph_interests
from graphstore.extract import items as graph_items
from graphstore.extract.items import ItemText
from graphstore.progress import Progress

BLOCK_ITEMS = 1_024  # embedded at once, while Neo4j writes those before
Counts = dict[str, int]


def embed_and_match(
    client: Client,
    encoder: CachedEncoder,
    matched: Sequence[ItemText],
    changed: Sequence[ItemText],
    terms: Sequence[Term],
    frequencies: Mapping[str, int],
    total: int,
    progress: Progress,
    anew: bool = False,
    pictures: ImageInterests | None = None,
) -> Counts:
    """Write what items are about, and the embeddings of those whose content changed.

    matched: items to match to `terms`; the `changed` ones are among them.  frequencies, total: as in `Matcher`.
    anew: whether these are all items, so that vectors may get another width.  pictures: interests of their images.

    Returns counts: interests (new), without_text, about, about_removed.

    Raises:
        InputError: the vectors have another width than those in the graph.
    """
    labels = encoder.base.encode([term.label for term in terms], progress)
    width, present = labels.shape[1], content_index.content_width(client)
    if width != present:
        if not anew:
            raise of_another(encoder.name, f"holds vectors of {present} numbers, not {width}")
        content_index.begin_anew(client, width)
        changed = matched
    interests = [
        {"name": term.name, "label": term.label, "origin": term.origin, "forms": term.forms, "embedding": vector}
        for term, vector in zip(terms, labels.tolist(), strict=True)
    ]
    counts = {"interests": graph_interests.write_interests(client, interests)}
    counts["without_text"] = sum(not item.text for item in changed)
    scale, texts = scale_of(encoder.base), background(encoder.base)
    matcher = Matcher(terms, labels, frequencies, total, scale, texts)
    shown = pictures.shown(terms, [item.item_id for item in matched]) if pictures else {}
    counts |= _read(client, encoder, matched, {item.item_id for item in changed}, matcher, shown, progress)
    if matched:
        graph_interests.count_items(client)
    return counts


def of_another(encoder: str, what: str) -> InputError:
    """The error where the graph was read by another encoder."""
    return InputError(
        f"The graph {what}; to read all of it by encoder {encoder!r}, run "
        f"`interestgraph extract --full --encoder {encoder}`, then `interestgraph update --full`."
    )


def _read(
    client: Client,
    encoder: CachedEncoder,
    items: Sequence[ItemText],
    fresh: set[str],
    matcher: Matcher,
    shown: Mapping[str, Sequence[About]],
    progress: Progress,
) -> Counts:
    """Embed, match and write items block by block.

    Two threads write, as Neo4j takes as long for vectors as for relationships. An item's hash, which marks it as read,
    is written with its relationships, after its vector.
    """
    written: list[Future[Counts]] = []
    with BackgroundWriter() as vectors_writer, BackgroundWriter() as about_writer:
        for number, block in enumerate(batched(items, BLOCK_ITEMS)):
            has_text = [bool(item.text) for item in block]
            vectors: Vectors = np.zeros((len(block), matcher.width), dtype=np.float32)
            texts, onward = (
                [item.text for item in block if item.text],
                _onward(progress, number * BLOCK_ITEMS, len(items)),
            )
            vectors[has_text] = encoder.encode(texts, onward)
            meanings = vectors
            if encoder.base is not encoder:  # an adapted encoder is for ranking; its base compares meanings
                meanings = np.zeros_like(vectors)
                meanings[has_text] = encoder.base.encode(texts, onward)
            stored = vectors_writer.do(_writing_vectors(client, encoder.name, block, vectors, fresh))
            about = matcher.match(block, meanings, has_text, shown)
            written.append(about_writer.do(_writing_about(client, encoder.name, block, about, stored)))
        for number, future in enumerate(written):
            future.result()
            progress("items' interests", min((number + 1) * BLOCK_ITEMS, len(items)), len(items))
    counts = [future.result() for future in written]
    return {name: sum(count[name] for count in counts) for name in ("about", "about_removed")}


def _onward(progress: Progress, before: int, total: int) -> Progress:
    """The progress of a block, reported as progress of all items."""
    return lambda description, done, _: progress(description, before + done, total)


def _writing_vectors(client: Client, encoder: str, items: Sequence[ItemText], vectors: Vectors, fresh: set[str]) -> Any:
    """A task that writes the vectors of changed items, and removes those of items without text."""

    def work() -> None:
        changed = [(item, vector) for item, vector in zip(items, vectors, strict=True) if item.item_id in fresh]
        rows = [{"item_id": item.item_id, "embedding": vector.tolist()} for item, vector in changed if item.text]
        graph_items.write_contents(client, rows, encoder)
        graph_items.remove_contents(client, [item.item_id for item, _ in changed if not item.text])

    return work


def _writing_about(
    client: Client, encoder: str, items: Sequence[ItemText], about: Sequence[list[About]], stored: Future[None]
) -> Any:
    """A task that writes what items are about, after their vectors are stored."""

    def work() -> Counts:
        rows = [
            {"item_id": item.item_id, "content_hash": item.hash(encoder), "interests": interests}
            for item, interests in zip(items, about, strict=True)
        ]
        stored.result()
        return graph_items.write_about(client, rows, last=False)

    return work
