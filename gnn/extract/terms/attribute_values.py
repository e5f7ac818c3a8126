"""What the attributes of items stand for: a name, a decade, or nothing that one can care about.

A value is judged by its type: prices, measures, numbers, codes, booleans, addresses, placeholders and sentences are no
interests. The parts of a category path are judged one by one, and a path to a price is none as a whole.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from gnn.extract.plain_text import plain
from gnn.extract.terms.term import Term
from gnn.extract.words import letters
from graphstore.extract.canonical import canonical
from graphstore.extract.items import ItemText

YEAR = re.compile(r"(?:^|\D)(1[89]\d\d|20\d\d)(?:\D|$)")
DATED = ("date", "year", "年", "日期")
DECADE = re.compile(r"(?:\d\d)?\d0s")
PATH = re.compile(r"\s*(?:[>›»→|]|::)\s*|\s+/\s+")
PRICE = re.compile(r"[$€£¥₹₽₩]\s*\d|\d\s*[$€£¥₹₽₩元]|\b(?:usd|eur|gbp|cny|rmb|jpy)\b")
UNITS = (
    "%|°|g|kg|mg|lbs?|oz|fl oz|ml|cl|l|cm|mm|m|km|in|inch|inches|ft|feet|yd|gb|mb|tb|mah|w|v|hz|mhz|ghz|mp|px|dpi|"
    "s|secs?|min|mins|minutes?|h|hrs?|hours?|days?|weeks?|months?|years?|ct|count|pcs?|pieces?|packs?|pages?|ounces?|"
    "pounds?|grams?|lit(?:er|re)s?|met(?:er|re)s?|分钟|小时|页|克|千克|公斤|毫升|升|厘米|米|个|件"
)
NUMBER = r"[\d.,/½¼¾]+"
MEASURE = re.compile(
    rf"(?:under|over|up to|about|approx\.?|[<>~])?\s*{NUMBER}(?:\s*[x×*-]\s*{NUMBER})*\s*-?(?:{UNITS})?\.?"
)
CODE = re.compile(r"(?=(?:.*\d){3})[a-z0-9]{8,}|[0-9a-f-]{16,}")
ADDRESS = re.compile(r"://|www\.|@\w+\.|\.(?:jpe?g|png|gif|html?|pdf|com)\b")
SENTENCE = re.compile(r"\S+\s+\S+\s+\S.*[.!?。！？]")
LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(?:[-_][a-z]{2,4})?")  # a code, as "de" or "pt-br"
LANGUAGE_KINDS = ("lang", "language", "languages", "locale", "sprache", "语言")  # kinds of attributes that have them
NAVIGATION = re.compile(r"(?:shop|browse|search|filter|sort|view|see|show)\s+(?:by|all|more)\b.*|all\s+\w+")
PLACEHOLDERS = frozenset(
    {"unknown", "none", "other", "others", "n/a", "na", "misc", "various", "null", "undefined", "default", "general"}
    | {"true", "false", "yes", "no", "on", "off", "enabled", "disabled", "是", "否"}
    | {"xs", "xl", "xxl", "small", "medium", "large", "x-large", "one size"}
    | {"未知", "未分类", "其他", "其它", "其他类型", "暂无", "不详", "无", "没有", "默认"}
)
LONGEST_NAME, LEAST_LETTERS = 60, 2
MOST_ATTRIBUTES = 5_000
LEAST_NUMBERED, LARGEST_NUMBERED_SHARE = 8, 0.5
LARGE_CATALOGUE, LEAST_ITEMS = 500, 2


def attribute_term(kind: str, value: str) -> Term | None:
    """The interest of an attribute: its value; the decade of a year or date; None where it is no name.

    >>> attribute_term("genre", "Film-Noir").name, attribute_term("year", "1994").name, attribute_term("pages", "320")
    ('film-noir', '1990s', None)
    >>> attribute_term("language", "de"), attribute_term("language", "Suomi").name
    (None, 'suomi')
    """
    label = " ".join(value.split())
    name = canonical(value)
    year = YEAR.search(name)
    if year and (not any(map(str.isalpha, name)) or any(word in kind.casefold() for word in DATED)):
        decade = f"{year.group(1)[:3]}0s"
        return Term(decade, decade, "attribute")
    if not is_name(name) or name.startswith("(no ") or _is_of_another_type(name):
        return None
    if canonical(kind) in LANGUAGE_KINDS and LANGUAGE_CODE.fullmatch(name):
        return None
    return Term(name, label, "attribute")


def attribute_parts(kind: str, value: str) -> list[Term]:
    """The interests of an attribute, of each part of a category path.

    >>> [term.name for term in attribute_parts("category", "Home & Kitchen > Bakeware > $25 and more")]
    []
    >>> [term.name for term in attribute_parts("category", "Home & Kitchen > Bakeware")]
    ['home & kitchen', 'bakeware']
    """
    parts = [part for part in PATH.split(plain(value, sites=True)) if part]
    if len(parts) > 1 and any(PRICE.search(canonical(part)) for part in parts):
        return []
    found = [attribute_term(kind, part) for part in parts]
    return list({term.name: term for term in found if term}.values())


def is_name(name: str) -> bool:
    """Whether a lower-case text can name an interest: LEAST_LETTERS, at most LONGEST_NAME, and no placeholder."""
    return letters(name) >= LEAST_LETTERS and len(name) <= LONGEST_NAME and name not in PLACEHOLDERS


def _is_of_another_type(name: str) -> bool:
    """Whether a lower-case text is a price, a measure, a code, an address, a sentence or a shop's navigation."""
    if DECADE.fullmatch(name):
        return False
    whole = (MEASURE, CODE, SENTENCE, NAVIGATION)
    return bool(PRICE.search(name) or ADDRESS.search(name)) or any(kind.fullmatch(name) for kind in whole)


def attribute_terms(items: Sequence[ItemText], part: bool = False) -> list[Term]:
    """Interests from the items' attributes, the MOST_ATTRIBUTES most common, sorted by name.

    Numbered values ("class-1", "class-2") are no interests where they are most values of a kind. In a catalogue of
    LARGE_CATALOGUE items a value has to be of LEAST_ITEMS.
    part: the items are a part of the catalogue, in which this can't be seen; values with digits are left out.
    """
    counts: Counter[str] = Counter()
    terms: dict[str, Term] = {}
    by_kind: dict[str, set[str]] = defaultdict(set)
    for item in items:
        found = {term.name: (kind, term) for kind, value in item.attributes for term in attribute_parts(kind, value)}
        counts.update(found.keys())
        for name, (kind, term) in found.items():
            terms.setdefault(name, term)
            by_kind[kind].add(name)
    refused = _numbered(terms) if part else {name for names in by_kind.values() for name in _codes(names)}
    least = LEAST_ITEMS if len(items) >= LARGE_CATALOGUE and not part else 1
    usable = [name for name in counts if counts[name] >= least and name not in refused]
    chosen = sorted(usable, key=lambda name: (-counts[name], name))[:MOST_ATTRIBUTES]
    return sorted((terms[name] for name in chosen), key=lambda term: term.name)


def _numbered(names: Iterable[str]) -> set[str]:
    return {name for name in names if any(map(str.isdigit, name)) and not DECADE.fullmatch(name)}


def _codes(names: set[str]) -> set[str]:
    """Of the values of one kind those that are numbered alike, where these are most of them."""
    numbered = _numbered(names)
    shapes = Counter(re.sub(r"\d+", "#", name) for name in numbered)
    shape, count = shapes.most_common(1)[0] if shapes else ("", 0)
    if count < LEAST_NUMBERED or count < LARGEST_NUMBERED_SHARE * len(names):
        return set()
    return {name for name in numbered if re.sub(r"\d+", "#", name) == shape}
