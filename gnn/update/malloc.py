"""How large arrays get their memory: from what the process has had before, not from the system each time."""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # of mallopt(3)
MOST = 2**31 - 1


def keep_memory() -> None:
    """Have glibc keep what is freed. A training step frees and asks for the same arrays of many megabytes again and
    again, and the system would map and clear their pages each time: up to half of the time.

    Nothing happens with another C library.

    Reference: mallopt(3).
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    mallopt(MMAP_MAX, 0)
    mallopt(TRIM_THRESHOLD, MOST)
