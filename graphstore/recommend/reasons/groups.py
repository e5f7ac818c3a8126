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

from graphstore.arrays import Rows
from graphstore.ranking.attribution import Attribution
from graphstore.recommend.reasons.tags import Common
from graphstore.recommend.snapshot import RequestContext


@dataclass(frozen=True)
class Groups:
    """G groups of origins: of each tag, of untagged items, of each other origin.

    names: kind and key of each, as a reason names it.  members: (G, O); that of untagged items is empty, as it depends
    on the item.  events: the origins that are items of the user, liked or not.  liked: (O,) which are liked ones.
    sorts, sort_of: (O,) the kinds of origins, and which kind each is of.
    """

    common: Common
    names: Sequence[tuple[str, str | None]]
    members: NDArray[np.bool_]
    events: Rows
    liked: NDArray[np.bool_]
    sorts: Sequence[str]
    sort_of: Rows

    @classmethod
    def of(cls, context: RequestContext, found: Attribution, common: Common) -> Groups:
        """Of the origins of an attribution."""
        number = {origin: n for n, origin in enumerate(found.origins)}
        events = np.array([n for n, (sort, _) in enumerate(found.origins) if sort == "event"], dtype=np.int64)
        own = np.array([number["event", row] for row in common.rows.tolist()], dtype=np.int64)
        tags = len(common.tags)
        names: list[tuple[str, str | None]] = [*common.tags, ("event", None)]
        others = [n for n, (sort, _) in enumerate(found.origins) if sort not in ("event", "interest")]
        members = np.zeros((len(names) + len(others), len(found.origins)), dtype=bool)
        members[:tags, own] = common.own.T
        place = {tag: n for n, tag in enumerate(common.tags)}
        for column, name in _liked_interests(context, common.rows).items():
            if ("interest", name) in place and ("interest", column) in number:
                members[place["interest", name], number["interest", column]] = True
        keys = {
            "attribute": list(context.catalogue.attributes),
            "person": context.people,
            "search": [text for text, _, _ in context.user.searches],
        }
        for place_of, n in enumerate(others, len(names)):
            sort, key = found.origins[n]
            names.append((sort, keys[sort][key] if sort in keys else None))
            members[place_of, n] = True
        liked = np.zeros(len(found.origins), dtype=bool)
        liked[own] = True
        sorts = {sort: n for n, sort in enumerate(dict.fromkeys(sort for sort, _ in found.origins))}
        sort_of = np.array([sorts[sort] for sort, _ in found.origins], dtype=np.int64)
        return cls(common, names, members, events, liked, list(sorts), sort_of)

    def of_item(self, shown: int) -> NDArray[np.bool_]:
        """(G, O) the groups for a shown item (a place in `common`)."""
        tags, members = len(self.common.tags), self.members.copy()
        members[:tags][~self.common.shown[shown]] = False
        members[tags] = self.liked & ~members[:tags].any(axis=0)
        return members


def _liked_interests(context: RequestContext, liked: Rows) -> dict[int, str]:
    """The interests that the user likes or pinned, by column of `about`. One that items of the user's are about, but
    none of the liked ones, is left out.

    liked: items.
    """
    names, user, about = list(context.catalogue.interests), context.features, context.catalogue.by_item
    own = np.unique(np.asarray(context.user.history.item_ids, dtype=np.int64))
    of_own, of_liked = (set(about[rows].indices.tolist()) for rows in (own, np.asarray(liked, dtype=np.int64)))
    columns = [column for column, weight in user.interests if weight > 0]
    columns = [column for column in columns if column in of_liked or column not in of_own]
    columns += [column for column, how in user.corrected if how == "pin"]
    return {column: names[column] for column in columns}
