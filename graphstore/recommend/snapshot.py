"""The state that answers are computed from: catalogue, model and per-user data of one moment."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graphstore.database.client import Client
from graphstore.ranking.blend import Blend
from graphstore.ranking.candidates import UserFeatures
from graphstore.recommend.catalogue import Catalogue
from graphstore.recommend.lru import Latest
from graphstore.recommend.user_state import NeighbourState, UserState

USERS_KEPT, PEOPLE_KEPT, PATHS_KEPT = 4_000, 20_000, 20_000
MOST_CHANGES = 500  # read in one look; what is more comes with the next
CacheValidator = tuple[Any, ...]


class PersonalCaches:
    """What tells of persons, replaced as a whole when one is erased; whoever began before that holds the old one, and
    what they add to it is never seen.

    users: cards.  people: what others liked lately.  paths: hops of paths by the row of the item they start from.
    """

    def __init__(self) -> None:
        self.users: Latest[str, UserState] = Latest(USERS_KEPT)
        self.people: Latest[str, NeighbourState] = Latest(PEOPLE_KEPT)
        self.paths: Latest[int, dict[Any, Any]] = Latest(PATHS_KEPT)


@dataclass
class Snapshot:
    """Everything read under one generation of the graph and one model. Replaced as a whole.

    catalogue: the current snapshot.  model, blend: of one version, that of the vectors in the catalogue.
    half_life: of popularity, in days.  built: time of the latest event of the last build, in milliseconds.
    seq, since: what changed up to these is known; seen: (seq, when), one that was seen.
    looked, wide: when what was touched was asked for last, and when for all that is not known to be known.
    most: changes to be read in one look.  more_since: since when there were more items than are known.
    """

    number: int
    catalogue: Catalogue
    model: str | None
    blend_hash: str | None
    blend: Blend
    generation: int | None
    epoch: int | None
    half_life: float
    built: int | None
    seq: int
    since: int
    seen: tuple[int, float] = (0, 0.0)
    looked: int = 0
    wide: float = 0.0
    most: int = MOST_CHANGES
    more_since: float = field(default_factory=time.monotonic)
    personal: PersonalCaches = field(default_factory=PersonalCaches)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class RequestContext:
    """What one answer rests on: one user at one version, and the items as they are.

    popularity_now: where the scale of popularity stands.
    pending: whether a mark of the user waits for the follower.  latest: time of the latest event that is known.
    stamp: an answer that rests on this may be given as long as `Memory.stamp` says the same.
    at: the moment that the user is known as of, None for now.
    """

    user_id: str
    edition: Snapshot
    personal: PersonalCaches
    catalogue: Catalogue
    card: UserState
    person: UserFeatures
    blend: Blend
    popularity_now: float
    pending: bool
    latest: datetime | None
    stamp: CacheValidator
    at: datetime | None = None


def read_blend(client: Client, version: str | None) -> Blend:
    """The blend that is stored with a model; the default one without a model, or where none is stored."""
    rows = client.read("recommend/read_blend", version=version) if version else []
    return Blend.from_json(rows[0]["blend"] if rows else None)
