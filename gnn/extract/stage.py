"""extract: from texts, media and behaviour to interests.

0. Embed images and sounds that are new or changed (`gnn.media.reading`).
1. Read the items whose content changed.
2. Vocabulary: attributes of items, and key phrases mined from their text.
3. Embed new text (never the same text twice); match items to interests: `ABOUT`.
4. Read what users wrote and searched for, by that vocabulary (`gnn.extract.writing`): `MENTIONED`, `FINDS`, `ABOUT`.
5. Aggregate users' interests from their behaviour, in Cypher: `INTERESTED_IN`, with evidence and validity.
A generative model, if given, reads items after 3 and users after 5 (`gnn.extract.generative`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from gnn.encoders import by_name
from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import Encoder
from gnn.extract.generative import CONTEXT, Reader
from gnn.extract.image_interests import ImageInterests
from gnn.extract.item_reading import embed_and_match, of_another
from gnn.extract.plain_text import plain
from gnn.extract.vocabulary import Term, attribute_terms, document_frequencies, mined
from gnn.extract.writing import stage as writing
from gnn.llm.language_model import LanguageModel
from gnn.media.encoder import MediaEncoder
from gnn.media.files import MediaFiles
from gnn.media.reading import MediaReader
from graphstore.build.pull import pull_interactions
from graphstore.database.client import Client
from graphstore.database.leases import hold
from graphstore.database.runs import last_run, run
from graphstore.extract import content_index, interests, queries
from graphstore.extract import items as graph_items
from graphstore.extract import media as media_graph
from graphstore.extract.items import ItemText
from graphstore.extract.writing import sample_texts
from graphstore.progress import Progress, silent
from graphstore.settings import Settings

REMINE_SHARE = 0.1


def extract(
    client: Client,
    settings: Settings,
    *,
    encoder: Encoder | None = None,
    full: bool = False,
    adapting: bool = False,
    seed: int = 0,
    model: LanguageModel | None = None,
    context: int = CONTEXT,
    files: MediaFiles | None = None,
    media_encoders: Mapping[str, MediaEncoder] | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Embed items, match them to interests, and aggregate users' interests.

    encoder: that of the last run if None; the default one in the first run.
    full: read every item and user again, not only those touched since the last run. Unchanged texts are not embedded
    again, and their values stay.
    adapting: first train the encoder on behaviour (`gnn.adaptation.contrastive`, by `seed`), and read all items by it
    if it is better; interests are matched by its base. It sees all events, also those that `update` holds out later.
    model: also reads items and users that are new to it or changed; context: tokens of its question and answer.
    files, media_encoders ("image", "audio"): see `MediaReader`; encoders are loaded only if items have media.

    Returns counts: encoder (its name), items (changed), embedded (texts the model ran on), from_cache, without_text,
    interests (new), interests_deleted, about, about_removed, writers (users whose texts were read), queries (read),
    users, opened, kept, closed; and where items have images
    image_encoder, images, images_embedded, images_from_cache, images_unreadable, images_removed, with sounds the same;
    adapted: the report of `gnn.adaptation.contrastive.adapt`.

    Raises:
        InputError: the items were read by another encoder, and `full` is not set.
    """
    with hold(client, "extract", progress) as client:
        last, before = last_run(client, "extract"), content_index.encoder_of(client)
        encoder = encoder or by_name.encoder(before, settings.models)
        if before not in (None, encoder.name) and not full:
            raise of_another(encoder.name, f"was read by {before!r}")
        cached = CachedEncoder(encoder, settings.cache)
        with run(client, "extract") as current:
            report: dict[str, Any] = {}
            if adapting:
                from gnn.adaptation.contrastive import adapt

                adapted = adapt(client, settings, cached, seed, progress)
                report = {"adapted": adapted.report}
                if adapted.name:
                    cached, full = CachedEncoder(by_name.encoder(adapted.name, settings.models), settings.cache), True
            since = None if full or last is None else last["started_at"]
            media = MediaReader(client, settings.cache, files, media_encoders)
            looked = media.read(full=full, progress=progress)
            pictures = ImageInterests(client, media, settings, "images" in looked.counts)
            changed, counts = _extract_items(client, cached, since, full, progress, pictures, looked.changed)
            counts |= looked.counts | report
            media_graph.forget_read(client, looked.items)
            changed = sorted({*changed, *looked.items}) if looked.items else changed
            reader = Reader(client, model, cached.base, context) if model else None
            if reader:
                read, found_about = reader.read_items(progress)
                if read:
                    interests.count_items(client)
                changed, counts = sorted({*changed, *read}), counts | found_about
            counts |= _read_users(client, cached, since, full, changed, progress)
            if reader:
                counts |= reader.read_users(progress)
                if counts["generated_users"]:
                    interests.count_users(client)
                counts |= reader.counts()
            current.counts.update(counts)
        return counts


def _read_users(
    client: Client, encoder: CachedEncoder, since: Any, full: bool, changed: Sequence[str], progress: Progress
) -> dict[str, Any]:
    """Read what users wrote and did since a time, or everything; counts.  changed: items that were read anew."""
    clock = interests.read_clock(client)
    wrote, counts = writing.read_all(client, encoder, since, full, bool(changed), progress)
    users = sorted({*wrote, *interests.users_to_read(client, clock, since, changed, progress)})
    found = interests.write_user_interests(client, users, clock, progress)
    return counts | {"users": found.users, "opened": found.opened, "kept": found.kept, "closed": found.closed}


def extract_some(
    client: Client, encoder: CachedEncoder, item_ids: Sequence[str], settings: Settings, progress: Progress = silent
) -> list[str]:
    """Read some items, and match them to the existing interests and their own attributes; ids of those that changed.

    Searches that were made before find them by words. Users are not read. Media are read as in the last `extract`.
    """
    media = MediaReader(client, settings.cache)
    looked = media.read(item_ids)
    pictures = ImageInterests(client, media, settings, "images" in looked.counts)
    items = graph_items.read_some_items(client, item_ids)
    others = pictures.others(looked.changed.get("image", []))
    changed = [i for i in items if i.content_hash != i.hash(encoder.name) or i.item_id in others]
    if changed:
        rows = interests.read_interests(client)
        known = [Term.of_row(row) for row in rows]
        terms = _extend(known, attribute_terms(changed, part=True))
        frequencies = {row["name"]: row["items"] for row in rows}
        total = graph_items.count_items(client)
        embed_and_match(client, encoder, changed, changed, terms, frequencies, total, progress, pictures=pictures)
        queries.find_new_items(client, changed)
    graph_items.note_read(client, items)
    return sorted({*(item.item_id for item in changed), *looked.items})


def _extract_items(
    client: Client,
    encoder: CachedEncoder,
    since: Any,
    full: bool,
    progress: Progress,
    pictures: ImageInterests,
    looked: Mapping[str, Sequence[str]],
) -> tuple[list[str], dict[str, Any]]:
    """Bring vocabulary, content embeddings and ABOUT up to date. Returns the ids of changed items, and counts.

    pictures: see `embed_and_match`.  looked: items whose media changed, by modality.
    """
    progress("reading items", 0, None)
    items = graph_items.read_items(client, since)
    with_other_images = set(pictures.others(looked.get("image", [])))
    changed = [i for i in items if i.content_hash != i.hash(encoder.name) or i.item_id in with_other_images]
    counts: dict[str, Any] = {"encoder": encoder.name, "items": len(changed)}
    matched: list[ItemText] = []
    if changed or full:
        total = graph_items.count_items(client)
        known = [Term.of_row(row) for row in interests.read_interests(client)]
        if full or not known or len(changed) >= REMINE_SHARE * total:
            matched = graph_items.read_items(client) if since is not None else items
            progress("finding phrases", 0, None)
            written = [(user, plain(text)) for user, text in sample_texts(client)]
            terms = mined(matched, written, _chosen(client, matched, progress), encoder.base)
            frequencies: Mapping[str, int] = document_frequencies(matched, terms)
        else:
            matched = changed
            terms = _extend(known, attribute_terms(changed, part=True))
            frequencies = {row["name"]: row["items"] for row in interests.read_interests(client)}
        counts |= embed_and_match(
            client, encoder, matched, changed, terms, frequencies, total, progress, since is None, pictures
        )
        if full:
            counts["interests_deleted"] = interests.delete_unused(client, [term.name for term in terms])
    graph_items.note_read(client, items)
    counts |= {"embedded": encoder.computed, "from_cache": encoder.found}
    return [item.item_id for item in changed], counts


def _chosen(client: Client, items: Sequence[ItemText], progress: Progress) -> sp.csr_matrix:
    """(U, I) 1 where a user chose an item and did not dislike it."""
    events = pull_interactions(client, 0.0, progress)
    positive = events.where(events.weight > 0)
    shape = (len(events.user_ids), len(events.item_ids))
    chosen = sp.csr_matrix((np.ones(len(positive.user)), (positive.user, positive.item)), shape=shape)
    chosen.data[:] = 1
    column = {item_id: number for number, item_id in enumerate(events.item_ids)}
    known = [(row, column[item.item_id]) for row, item in enumerate(items) if item.item_id in column]
    rows, columns = zip(*known, strict=True) if known else ((), ())
    moved = sp.csr_matrix((np.ones(len(known)), (columns, rows)), shape=(shape[1], len(items)))
    return (chosen @ moved).tocsr()


def _extend(known: Sequence[Term], new: Sequence[Term]) -> list[Term]:
    names = {term.name for term in known}
    return [*known, *(term for term in new if term.name not in names)]
