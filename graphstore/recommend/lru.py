"""A least-recently-used cache with weights."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Latest(Generic[K, V]):
    """A bounded memory of what was used last, shared by threads.

    most: how much all values may weigh together.  weigh: what one weighs, 1 by default.
    """

    def __init__(self, most: int, weigh: Callable[[V], int] = lambda value: 1) -> None:
        self._most = most
        self._weigh = weigh
        self._weight = 0
        self._held: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: K) -> V | None:
        """What is held under a key, which becomes the latest."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key]

    def get_all(self, keys: Iterable[K]) -> dict[K, V | None]:
        """`get` for several."""
        with self._lock:
            held = {key: self._held.get(key) for key in keys}
            for key, value in held.items():
                if value is not None:
                    self._held.move_to_end(key)
            return held

    def put(self, key: K, value: V) -> None:
        """Hold it; the one that was used longest ago goes where there are too many."""
        with self._lock:
            self._take(key)
            self._held[key] = value
            self._weight += self._weigh(value)
            while self._weight > self._most:
                self._take(next(iter(self._held)))

    def drop(self, keys: Iterable[K]) -> None:
        """Hold these no longer."""
        with self._lock:
            for key in keys:
                self._take(key)

    def _take(self, key: K) -> None:
        if key in self._held:
            self._weight -= self._weigh(self._held.pop(key))
