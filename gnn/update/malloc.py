"""malloc tuning: large arrays reuse memory of the process instead of asking the system for it each time."""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # parameters of mallopt(3)
MOST = 2**31 - 1


def keep_memory() -> bool:
    """Tell glibc to keep freed memory; whether it did. With another C library nothing happens.

    A training step frees and allocates the same arrays of many megabytes, and the system would map and clear their
    pages each time: 40 % of the processor time of a step over 20,000 items, 8 % over 3,000.

    Reference: mallopt(3).
    """
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(MMAP_MAX, 0)) & bool(mallopt(TRIM_THRESHOLD, MOST))
