"""Entity resolution of interest names: from names that a language model gives to interests of the graph.

A name close enough to an existing interest is merged into it. That is stored as an `Alias` and can be undone: the name
becomes an interest of its own, and stays one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gnn.encoders import by_name
from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import Encoder
from gnn.extract.cosine_scale import scale_of
from gnn.extract.vocabulary import LONGEST_NAME, is_name
from graphstore.database.client import Client
from graphstore.database.leases import hold
from graphstore.database.runs import run
from graphstore.errors import InputError
from graphstore.extract import content_index, language_model
from graphstore.extract.canonical import canonical
from graphstore.extract.interests import read_interests, write_interests
from graphstore.settings import Settings

SAME_MEANING = 0.8  # cosine of two names from which on they are merged, by the default encoder
ORIGIN = "generated"
LONGEST_GIVEN = 4 * LONGEST_NAME


def interest_name(given: str) -> str | None:
    """The form in which names are compared: lower case, on one line; None if it can't be a name.

    >>> interest_name("  Space\\n Opera. "), interest_name("n/a"), interest_name("42")
    ('space opera', None, None)
    """
    name = canonical(given[:LONGEST_GIVEN]).strip(" .,;:!?\"'`*#-_。、《》「」【】“”")
    return name if is_name(name) else None


class AliasResolver:
    """Resolves names against the interests and aliases of the graph.

    by: the name of the language model.  created, merged: names that became interests, and that were merged.
    """

    def __init__(self, client: Client, encoder: Encoder, by: str) -> None:
        self._client, self._encoder, self._by = client, encoder, by
        aliases = language_model.read_aliases(client)
        self._means = {row["name"]: row["interest"] for row in aliases if row["interest"]}
        self._apart = {row["name"] for row in aliases if row["apart"]}
        rows = read_interests(client)
        self._known = [row["name"] for row in rows]
        self._means |= {name: name for name in self._known}
        self._vectors = encoder.encode([row["label"] or row["name"] for row in rows])
        self._scale = scale_of(encoder)
        self.created = self.merged = 0

    def resolve(self, given: Iterable[str]) -> dict[str, str]:
        """The interest of each usable name; new interests and aliases are written to the graph."""
        wanted = {name: interest_name(name) for name in given}
        fresh = sorted({name for name in wanted.values() if name and name not in self._means})
        if fresh:
            self._learn(fresh)
        return {name: self._means[usable] for name, usable in wanted.items() if usable}

    def _learn(self, fresh: list[str]) -> None:
        """Merge each name into the nearest interest if it is close enough, else make it a new interest."""
        vectors, same = self._encoder.encode(fresh), self._scale.names.of(SAME_MEANING)
        interests: list[dict[str, Any]] = []
        aliases: list[dict[str, Any]] = []
        for name, vector in zip(fresh, vectors, strict=True):
            near = self._vectors @ vector if len(self._known) else np.zeros(0)
            near = np.where([known[0].isdigit() for known in self._known], -1.0, near)
            near = np.where(self._scale.legible(self._known), near, -1.0)
            best = int(near.argmax()) if len(near) else -1
            if best >= 0 and near[best] >= same and name not in self._apart:
                self._means[name] = self._known[best]
                aliases.append({"name": name, "interest": self._known[best], "cosine": round(float(near[best]), 4)})
            else:
                self._means[name] = name
                self._known.append(name)
                self._vectors = np.concatenate([self._vectors.reshape(-1, len(vector)), vector[None]])
                interests.append({"name": name, "label": name, "origin": ORIGIN, "embedding": vector.tolist()})
        self.created += write_interests(self._client, interests)
        self.merged += language_model.write_aliases(self._client, aliases, self._by)


def undo(client: Client, settings: Settings, name: str) -> dict[str, Any]:
    """Make a merged name an interest of its own again.

    Returns the interest that it was merged into (interest), and counts of users and items that change.

    Raises:
        InputError: the name is not merged.
    """
    with hold(client, "merges undo") as held:
        return _undo(held, settings, name)


def _undo(client: Client, settings: Settings, name: str) -> dict[str, Any]:
    usable = interest_name(name) or name
    encoder = CachedEncoder(by_name.encoder(content_index.encoder_of(client), settings.models), settings.cache).base
    if usable not in {row["name"] for row in language_model.read_aliases(client) if row["interest"]}:
        raise InputError(f"{name!r} is not taken for another interest; `interestgraph merges list` shows which are.")
    vector = encoder.encode([usable])[0].tolist()
    with run(client, "merges") as current:
        changed = language_model.split_alias(client, usable, vector)
        current.counts.update(changed or {})
    if changed is None:
        raise InputError(f"{name!r} was set apart meanwhile.")
    return changed
