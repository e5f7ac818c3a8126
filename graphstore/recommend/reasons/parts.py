"""Parts of a score, as a reason names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Part:
    """A part of a score.

    origin: event, interest, attribute, person, people, search, popularity or vector.  key: which; None for all others
    of the kind together.  part: of the score.  share: of all that speaks for the item.  channel: through which it
    flows most.  items: the user's items (rows of the catalogue) that it comes from.  liked: for an interest, whether
    it adds by itself and not only through items.
    """

    origin: str
    key: str | None
    part: float
    share: float = 0.0
    channel: str = ""
    items: tuple[int, ...] = ()
    liked: bool = False

    @property
    def alone(self) -> bool:
        """Whether it is one item of the user's, named by itself."""
        return self.origin == "event" and self.key is not None
