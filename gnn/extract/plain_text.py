"""Plain text of items and of what users wrote: without markup and addresses, and in pieces of one thought each. Linear
in its length."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

LONGEST_PIECE = 40  # words; a longer one is cut
TAG = re.compile(r"<!--|-->|<(/?)([a-zA-Z!][a-zA-Z0-9]{0,20}+)[^<>]{0,2000}+>")
UNSHOWN = frozenset({"script", "style", "!--"})
INLINE = frozenset("a abbr b big code em font i mark q s script small span strong style sub sup u".split())
LONG_NUMBER = re.compile(r"&#(?:\d{8,}|[xX][0-9a-fA-F]{7,});?")  # of no character; Python refuses very long ones
SITE = re.compile(r"(?:[\w-]+\.)+[a-z]{2,6}(?:[/:?#]\S*)?")
ENDING = re.compile(r"(?<=\w)\.(?:com|net|org|info|io|tv|co\.uk|de|nl|fr|com\.cn|cn)\b", re.IGNORECASE)
BORDER = re.compile(
    r"(?<![.!?;…])[.!?;…]++(?=\s|$)|[。！？；\n\r]+|\b(?:but|however|although|though)\b|但是|可是|不过|然而",
    re.IGNORECASE,
)


def plain(text: str, sites: bool = False) -> str:
    """A text without HTML, scripts and styles, and without words that are e-mail addresses, URLs or names of sites. A
    tag of a block ends the line.

    sites: keep names of sites without their ending, as "Amazon" of "Amazon.com".

    >>> plain("<p>I love <b>space</b> &amp; <script>evil()</script> films, ask me@x.org or www.x.org/a?b now")
    'I love space & films, ask or now'
    """
    shown = _shown(text) if "<" in text else text
    if "&" in shown:
        shown = html.unescape(LONG_NUMBER.sub("", shown))
    left_out = is_locator if sites else is_address
    lines = (" ".join(word for word in line.split() if not left_out(word)) for line in shown.splitlines())
    found = "\n".join(line for line in lines if line)
    return ENDING.sub("", found) if sites else found


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
    if "." not in word and "://" not in word:
        return False
    return is_locator(word) or SITE.fullmatch(_bare(word)[:300]) is not None


def is_locator(word: str) -> bool:
    """Whether a word is an e-mail address or a URL that says so; the name of a site alone is none."""
    bare = _bare(word)
    at = bare.find("@")
    return "://" in bare or bare[:4].lower() == "www." or (at > 0 and "." in bare[at:])


def _bare(word: str) -> str:
    return word.strip("()[]{}<>\"',;:!?.")


def _shown(text: str) -> str:
    """What is outside of tags, comments, scripts and styles; a tag is a space, or the end of a line."""
    parts, place, hidden = [], 0, ""
    for tag in TAG.finditer(text):
        closes, name = bool(tag[1]) or tag[0] == "-->", (tag[2] or "!--").lower()
        if hidden:
            hidden = "" if closes and name == hidden else hidden
        elif tag[0] == "-->":
            continue
        else:
            parts += [text[place : tag.start()], " " if name in INLINE or name in UNSHOWN else "\n"]
            hidden = name if name in UNSHOWN and not closes else ""
        place = tag.end()
    if not hidden:
        parts.append(text[place:])
    return "".join(parts)
