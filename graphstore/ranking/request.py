"""The request for a recommendation: factors of channels, diversity, exploration, and limits of the search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphstore.errors import InputError
from graphstore.feedback import unwanted_types
from graphstore.kinds import Kind
from graphstore.ranking.blend import CHANNELS


@dataclass(frozen=True)
class RecommendOptions:
    """Limits of the search for candidates.

    events: a user's latest events that are read.  recent: their latest items whose neighbours are candidates.
    negative_weight: weight of a low rating there, relative to a high one.  candidates: kept per channel.
    fan_out: at most so many followed users, similar users, interests, attributes and searches of one user are
    read.
    neighbour_items: latest events read of each of those users.  new_items: new items considered, the latest first.
    """

    events: int = 120
    recent: int = 50
    negative_weight: float = 0.5
    candidates: int = 100
    fan_out: int = 20
    neighbour_items: int = 50
    new_items: int = 2000


DEFAULT_OPTIONS = RecommendOptions()


@dataclass(frozen=True)
class Request:
    """A checked request.

    channels: a factor by channel, 0 is off.  unwanted: types of behaviour that express dislike.  diversity, explore:
    from 0 to 1, see `graphstore.ranking.diversity`.
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
    """Check a request.

    weights: factors by channel, one that is not named is 0; None for 1 each.  channel: only this one.

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
