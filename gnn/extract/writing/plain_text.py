"""Plain text of what users wrote: without markup and addresses, in pieces of one thought each. Linear in its length."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gnn.extract.terms.markup import unescaped

LONGEST_PIECE = 40  # words; a longer one is cut
TAG = re.compile(r"<(/?)([a-zA-Z!][a-zA-Z0-9]{0,20}+)[^<>]{0,2000}+>")
UNSHOWN = frozenset({"script", "style"})
SITE = re.compile(r"(?:[\w-]+\.)+[a-z]{2,6}(?:[/:?#]\S*)?")
BORDER = re.compile(
    r"[.!?;…]+(?=\s|$)|[。！？；\n\r]+|\b(?:but|however|although|though)\b|但是|可是|不过|然而", re.IGNORECASE
)


def plain(text: str) -> str:
    """A text without HTML, scripts and styles, and without words that are e-mail addresses, URLs or names of sites.

    >>> plain("<p>I love <b>space</b> &amp; <script>evil()</script> films, ask me@x.org or www.x.org/a?b now")
    'I love space & films, ask or now'
    """
    shown = _shown(text) if "<" in text else text
    shown = unescaped(shown)
    lines = ([word for word in line.split() if not is_address(word)] for line in shown.splitlines())
    return "\n".join(" ".join(words) for words in lines if words)


def pieces(text: str) -> Iterator[str]:
    """Sentences of a plain text, cut before a "but", each of at most LONGEST_PIECE words; empty ones are left out.

    >>> list(pieces("Great robots! The plot was bad, but I liked it"))
    ['Great robots', 'The plot was bad,', 'I liked it']
    """
    for part in BORDER.split(text):
        words = part.split()
        for start in range(0, len(words), LONGEST_PIECE):
            yield " ".join(words[start : start + LONGEST_PIECE])


def is_address(word: str) -> bool:
    """Whether a word is an e-mail address, a URL or the name of a site.

    >>> [is_address(word) for word in ("me@x.org,", "HTTP://x", "(shop.com)", "sci-fi", "3.5", "end.The")]
    [True, True, True, False, False, False]
    """
    if "@" not in word and "." not in word and "://" not in word:
        return False
    bare = word.strip("()[]{}<>\"',;:!?.")
    return "@" in bare[1:] or "://" in bare or bare[:4].lower() == "www." or SITE.fullmatch(bare[:300]) is not None


def _shown(text: str) -> str:
    """What is outside of tags, scripts and styles; a tag is a space."""
    parts, place, hidden = [], 0, ""
    for tag in TAG.finditer(text):
        closes, name = bool(tag[1]), tag[2].lower()
        if not hidden:
            parts.append(text[place : tag.start()])
            hidden = name if name in UNSHOWN and not closes else ""
        elif closes and name == hidden:
            hidden = ""
        place = tag.end()
    if not hidden:
        parts.append(text[place:])
    return " ".join(parts)
