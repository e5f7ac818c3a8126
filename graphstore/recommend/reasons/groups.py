"""Groups: the origins of a score that are named together.

Items that the user liked, and an interest of theirs, go together by what they have in common with the shown item; liked
items that have nothing in common with it are a group too. Every other origin stands alone. A disliked interest is in no
group, nor is an item that was not liked.

Names: O origins, G groups, T tags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graphstore.arrays import Floats, Rows, ranges
from graphstore.ranking.attribution import Attribution
from graphstore.recommend.reasons.tags import Common
from graphstore.recommend.snapshot import RequestContext


@dataclass(frozen=True)
class Groups:
    """G groups of origins: of each tag, of untagged items, of each other origin.

    names: kind and key of each, as a reason names it.  members: (G, O), 1 for those of a group; that of untagged items
    is empty, as it depends on the item.  events: the origins that are items of the user, liked or not.  rows: (O,)
    these items, -1 for other origins.  is_event, liked: (O,) which origins are items, and liked ones.
    interests: the origins that are interests.  sorts, sort_of: the S kinds of origins, and (O, S) 1 for its kind.
    """

    names: Sequence[tuple[str, str | None]]
    members: Floats
    events: Rows
    rows: Rows
    is_event: NDArray[np.bool_]
    liked: NDArray[np.bool_]
    interests: Rows
    sorts: Sequence[str]
    sort_of: Floats

    @classmethod
    def of(cls, context: RequestContext, found: Attribution, common: Common) -> Groups:
        """Of the origins of an attribution."""
        number = {origin: n for n, origin in enumerate(found.origins)}
        kinds = [sort for sort, _ in found.origins]
        sorts = {sort: n for n, sort in enumerate(dict.fromkeys(kinds))}
        kind = np.array([sorts[sort] for sort in kinds], dtype=np.int64)
        own = np.array([number["event", row] for row in common.rows.tolist()], dtype=np.int64)
        tags = len(common.tags)
        names: list[tuple[str, str | None]] = [*common.tags, ("event", None)]
        others = [n for n, sort in enumerate(kinds) if sort not in ("event", "interest")]
        members = np.zeros((len(names) + len(others), len(number)))
        members[:tags, own] = common.own.T
        place = {tag: n for n, tag in enumerate(common.tags)}
        for column, name in _liked_interests(context, common.rows).items():
            if ("interest", name) in place and ("interest", column) in number:
                members[place["interest", name], number["interest", column]] = 1.0
        members[np.arange(len(names), len(members)), others] = 1.0
        keys = {
            "attribute": context.catalogue.attribute_names,
            "person": context.people,
            "search": [text for text, _, _ in context.user.searches],
        }
        for sort, key in (found.origins[n] for n in others):
            names.append((sort, keys[sort][key] if sort in keys else None))
        is_event = kind == sorts.get("event", -1)
        rows = np.where(is_event, [row for _, row in found.origins], -1)
        liked = np.zeros(len(number), dtype=bool)
        liked[own] = True
        interests = np.flatnonzero(kind == sorts.get("interest", -1))
        sort_of = np.eye(len(sorts))[kind]
        return cls(names, members, np.flatnonzero(is_event), rows, is_event, liked, interests, list(sorts), sort_of)


def _liked_interests(context: RequestContext, liked: Rows) -> dict[int, str]:
    """The interests that the user likes or pinned, by column of `about`. One that items of the user's are about, but
    none of the liked ones, is left out.

    liked: items.
    """
    names, user, about = context.catalogue.interest_names, context.features, context.catalogue.by_item

    def of(rows: Rows) -> set[int]:
        start = about.indptr[rows]
        return set(about.indices[ranges(start, about.indptr[rows + 1] - start)[1]].tolist())

    of_liked, of_own = of(liked), of(np.array(context.user.history.item_ids, dtype=np.int64))
    columns = [column for column, weight in user.interests if weight > 0]
    columns = [column for column in columns if column in of_liked or column not in of_own]
    columns += [column for column, how in user.corrected if how == "pin"]
    return {column: names[column] for column in columns}
