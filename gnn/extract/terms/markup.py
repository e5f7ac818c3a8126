"""Texts without HTML, addresses and the ends of domain names."""

from __future__ import annotations

import html
import re

MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>?|<!--.{0,2000}?-->|https?://\S+|www\.\S+|\S+@\S+\.\w+", re.DOTALL)
DOMAIN = re.compile(r"(?<=\w)\.(?:com|net|org|info|io|tv|co\.uk|de|nl|fr|com\.cn|cn)\b", re.IGNORECASE)


LONG_NUMBER = re.compile(r"&#(?:\d{8,}|[xX][0-9a-fA-F]{7,});?")  # of no character; Python refuses very long ones


def unescaped(text: str) -> str:
    """The text with characters in place of HTML's names and numbers of them.

    >>> unescaped("a &amp; b &#99999999999999;")
    'a & b '
    """
    return html.unescape(LONG_NUMBER.sub("", text)) if "&" in text else text


def without_markup(text: str) -> str:
    """The text with a line's end for each tag or address, and "Amazon" for "Amazon.com".

    >>> without_markup("Tea &amp; cake<br/>by shop.com").split("\\n")
    ['Tea & cake ', ' by shop']
    """
    if any(mark in text for mark in "<&/@") or "www." in text:
        text = unescaped(MARKUP.sub(" \n ", text))
    return DOMAIN.sub("", text)
