"""The canonical form of names of interests and of searches, in which they are compared; and Chinese characters."""

from __future__ import annotations

import re
import unicodedata

HAN_RANGE = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # of a set in a pattern
HAN = re.compile(f"[{HAN_RANGE}]")
JOINER = "\u200d"  # holds the parts of an emoji together
JOINED_LETTER = re.compile(r"(?<=\w)\u200d")


def canonical(text: str) -> str:
    """The form in which names and searches are compared: NFKC, lower case, single spaces, without invisible characters.

    >>> canonical("Ｓｃｉ－Ｆｉ  Film"), canonical("Cafe\\u0301"), canonical("科\\u200b幻")
    ('sci-fi film', 'café', '科幻')
    """
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFKC", "".join(filter(_seen, JOINED_LETTER.sub("", text))))
        text = unicodedata.normalize("NFKC", text.casefold())
    return " ".join(text.split()).casefold()


def _seen(letter: str) -> bool:
    return letter == JOINER or letter.isspace() or unicodedata.category(letter)[0] != "C"
