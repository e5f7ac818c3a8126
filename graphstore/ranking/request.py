"""What is asked of a recommendation: how far to look, which channels count, how much variety and exploration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphstore.errors import InputError
from graphstore.feedback import unwanted_types
from graphstore.kinds import Kind
from graphstore.ranking.blend import CHANNELS


@dataclass(frozen=True)
class RecommendOptions:
    """How far the channels look.

    events: a user's latest events that are read.  recent: their latest items whose neighbours are looked at.
    negative_weight: what a low rating counts of a high one there.  candidates: kept a channel.
    people: users, interests and attributes followed from one user.  people_items: recent items of each of those users.
    new_items: how many new items are looked at, the latest first.
    """

    events: int = 120
    recent: int = 50
    negative_weight: float = 0.5
    candidates: int = 100
    people: int = 20
    people_items: int = 50
    new_items: int = 2000


DEFAULT_OPTIONS = RecommendOptions()


@dataclass(frozen=True)
class Request:
    """What is asked of the blend.

    channels: a factor by channel, 0 is off.  unwanted: types of behaviour that tell dislike.  diversity, explore: see
    `graphstore.ranking.diversity`.
    """

    channels: dict[str, float]
    unwanted: list[str]
    options: RecommendOptions
    diversity: float = 0.0
    explore: float = 0.0

    @property
    def wanted(self) -> list[str]:
        """The channels that are on."""
        return [channel for channel, factor in self.channels.items() if factor > 0]


def make_request(
    weights: Mapping[str, float] | None,
    channel: str | None,
    kinds: Mapping[str, Kind],
    options: RecommendOptions = DEFAULT_OPTIONS,
    diversity: float = 0.0,
    explore: float = 0.0,
) -> Request:
    """The request, checked.

    Raises:
        InputError: an unknown channel, a negative weight, diversity or explore outside 0 to 1.
    """
    factors = dict.fromkeys(CHANNELS, 1.0) if weights is None else dict(weights)
    if channel is not None:
        if channel not in CHANNELS:
            raise InputError(f"channel {channel[:60]!r} is not one of {', '.join(CHANNELS)}.")
        factors = {channel: 1.0}
    unknown = set(factors) - set(CHANNELS)
    if unknown or any(not factor >= 0 for factor in factors.values()):
        raise InputError(f"weights must be 0 or more, for channels out of {', '.join(CHANNELS)}.")
    for name, value in (("diversity", diversity), ("explore", explore)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise InputError(f"{name} must be a number from 0 to 1, not {str(value)[:40]!r}.")
    factors = {name: float(factors.get(name, 0.0)) for name in CHANNELS}
    return Request(factors, unwanted_types(kinds), options, diversity, explore)
