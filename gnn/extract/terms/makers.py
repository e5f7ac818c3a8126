"""Phrases that are the wording of one maker: a brand, an author, an artist."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set

from gnn.extract.terms.attribute_values import attribute_parts
from graphstore.extract.items import ItemText

MAKERS_SHARE = 0.02  # of the items with a kind of attribute, that one of its values has on average at most
OWN = 0.9  # share of the items with a phrase and a maker
ONE = 1.2  # values of an item that has any, on average at most
KNOWN = 0.5  # share of the items with a phrase, that have one


def makers(items: Sequence[ItemText], interests: Set[str]) -> dict[int, set[str]]:
    """Place of an item → names of its makers: its values of kinds that have many values, one an item.

    interests: names of values that are interests; others are no makers.
    """
    found: dict[str, dict[int, set[str]]] = defaultdict(dict)
    for place, item in enumerate(items):
        for kind, value in item.attributes:
            names = {term.name for term in attribute_parts(kind, value)} & interests
            if names:
                found[kind].setdefault(place, set()).update(names)
    by_item: dict[int, set[str]] = defaultdict(set)
    for own in found.values():
        values = set().union(*own.values())
        given = sum(map(len, own.values()))
        if values and given / len(values) <= MAKERS_SHARE * len(own) and given <= ONE * len(own):
            for place, names in own.items():
                by_item[place] |= names
    return dict(by_item)


def wording(phrases: Mapping[str, Sequence[int]], items: Sequence[ItemText], interests: Set[str]) -> set[str]:
    """Those phrases that say no more than one maker's name: OWN of the items with the phrase are of one maker.

    phrases: the places of the items with each.  interests: see `makers`.
    """
    of_item = makers(items, interests)
    found = set()
    for name, places in phrases.items():
        counts = Counter(maker for place in places for maker in of_item.get(place, ()))
        known = sum(place in of_item for place in places)
        if counts and known >= KNOWN * len(places) and max(counts.values()) >= OWN * known:
            found.add(name)
    return found
