"""Tags: what items have in common, the interests that they are about and their attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphstore.database.client import Client
from graphstore.recommend.snapshot import RequestContext

Tag = tuple[str, str]  # "interest" and its name, or "attribute" and "kind=value"
Tags = Mapping[Tag, float]  # with weights: of ABOUT, or 0


def read_tags(client: Client, context: RequestContext, rows: Iterable[int]) -> Mapping[int, Tags]:
    """The tags of items (rows of the catalogue). Attributes come from memory while an item is at the same version."""
    items, personal = context.catalogue, context.personal
    wanted = list(dict.fromkeys(rows))
    cached = personal.attributes(wanted).items()
    held = {row: attributes for row, (version, attributes) in cached if version == items.version[row]}
    if missing := [row for row in wanted if row not in held]:
        found: dict[int, list[str]] = {row: [] for row in missing}
        for one in client.read_once("recommend/read_attributes", item_ids=[items.ids[row] for row in missing]):
            found[missing[one["position"]]].append(one["attribute"])
        for row in missing:
            held[row] = {("attribute", name): 0.0 for name in found[row]}
            personal.keep_attributes(row, int(items.version[row]), held[row])
    names, about = list(items.interests), items.by_item
    tags: dict[int, Tags] = {}
    for row in wanted:
        own = slice(about.indptr[row], about.indptr[row + 1])
        weights = zip(about.indices[own].tolist(), about.data[own].tolist(), strict=True)
        tags[row] = {("interest", names[column]): weight for column, weight in weights} | held[row]
    return tags


def read_labels(client: Client, context: RequestContext, names: Iterable[str]) -> Mapping[str, str]:
    """How these interests are called, by name; from memory where they were read before."""
    personal = context.personal
    found = {name: label for name in names if (label := personal.label(name)) is not None}
    if missing := [name for name in dict.fromkeys(names) if name not in found]:
        for row in client.read_once("recommend/reasons/read_labels", names=missing):
            found[row["name"]] = row["label"]
            personal.keep_label(row["name"], row["label"])
    return found
