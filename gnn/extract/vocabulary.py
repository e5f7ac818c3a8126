"""The vocabulary of interests: attributes of items, and noun phrases of their text.

What attributes and sentences name, how forms are joined and what tells users apart stands in `gnn.extract.terms`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import scipy.sparse as sp

from gnn.encoders.encoder import Encoder
from gnn.extract.terms.attribute_values import (
    LONGEST_NAME,
    attribute_parts,
    attribute_term,
    attribute_terms,
    is_name,
)
from gnn.extract.terms.fragments import fragments
from gnn.extract.terms.generic import names_nothing
from gnn.extract.terms.joining import join_equal, join_forms, join_parts, mean_any_of, spelling
from gnn.extract.terms.makers import wording
from gnn.extract.terms.noun_phrases import (
    LONGEST_PHRASE,
    base_form,
    is_glued,
    is_verb,
    may_be_verb,
    noun_phrases,
    sentences,
)
from gnn.extract.terms.passing import are_long, in_passing
from gnn.extract.terms.telling_apart import LEAST_EXPECTED, lifts
from gnn.extract.terms.term import Term
from gnn.extract.terms.worth import DOUBTFUL, LEAST_WORTH, refused, worth
from gnn.extract.words import clauses, joined, says_nothing
from graphstore.extract.canonical import HAN, canonical
from graphstore.extract.items import ItemText

__all__ = [
    "LONGEST_NAME",
    "Term",
    "attribute_parts",
    "attribute_term",
    "attribute_terms",
    "document_frequencies",
    "is_name",
    "mined",
    "phrase_terms",
    "phrases",
]

MOST_PHRASES = 2_000
LEAST_DOCUMENTS, LEAST_DOCUMENTS_ONE_WORD, LARGEST_SHARE = 3, 5, 0.1
FEW_DOCUMENTS, LARGEST_SHARE_OF_FEW = (
    10,
    0.25,
)  # in a small catalogue a phrase may stand in so many items, and this share
# Share of the items that are called so: no interest in any form. It is told in catalogues of so many items.
UBIQUITOUS, LEAST_CATALOGUE = 0.5, 10
LEAST_USERS = 5  # who write a phrase
FEW_VALUES = 50  # of a kind of attribute
ACTS = 0.4  # share of a kind's values that are verbs, from which on it is a kind of acts
LARGE_CATALOGUE = 500
LEAST_ASSOCIATION = 0.3  # of the outer words of a phrase: -1 never together, 0 by chance, 1 always
LEAST_LIFT, LEAST_LIFT_ATTRIBUTE, PROVEN = 1.1, 1.03, 1.25
PROVEN_RANGE = (1.4, 2.5)
SHORT = 3  # words of a sentence that may stand in any number of descriptions
MOST_LETTERS = 10_000_000  # of texts that are read for phrases


def phrases(text: str) -> list[str]:
    """N-grams of one to three neighbouring words that neither start nor end with a stop word, lower case."""
    found = []
    for words in clauses(text):
        bare = [says_nothing(word) for word in words]
        for start in range(len(words)):
            for end in range(start, min(start + LONGEST_PHRASE, len(words))):
                if not (bare[start] or bare[end]):
                    found.append(joined(words[start : end + 1]))
    return found


def document_frequencies(items: Iterable[ItemText], terms: Iterable[Term]) -> Counter[str]:
    """The number of items in whose text each interest of origin "phrase" occurs, by its name."""
    names = forms_of(terms)
    counts: Counter[str] = Counter()
    for item in items:
        counts.update({names[p] for p in phrases(f"{item.title}. {item.description}") if p in names})
    return counts


def forms_of(terms: Iterable[Term]) -> dict[str, str]:
    """Phrase → name of the interest that it is a form of, of interests of origin "phrase"."""
    listed = [term for term in terms if term.origin == "phrase"]
    return {form: term.name for term in listed for form in term.forms} | {term.name: term.name for term in listed}


def mined(
    items: Sequence[ItemText],
    written: Sequence[tuple[str, str]] = (),
    chosen: sp.csr_matrix | None = None,
    encoder: Encoder | None = None,
) -> list[Term]:
    """The vocabulary of a catalogue: attributes of its items, and phrases of their text.

    written: (user_id, text), what users wrote.  chosen: (U, I), 1 where a user chose an item; what does not tell users
    apart is left out.  encoder: joins phrases of the same meaning.
    """
    read = _Reading(items, written)
    attributes = [term for term in attribute_terms(items) if base_form(term.name) not in read.ubiquitous]
    attributes = _worthy_attributes(attributes, items)
    found, doubts = _phrase_terms(read, {term.name for term in attributes}, encoder)
    found = _without_wording(found, items, {term.name for term in attributes})
    found = _without_passing(found, items)
    if chosen is None or not chosen.nnz:
        return attributes + [term for term in found if term.name not in doubts]
    return _telling_apart(attributes + found, doubts, items, chosen)


def phrase_terms(
    items: Sequence[ItemText],
    taken: Iterable[str] = (),
    written: Sequence[tuple[str, str]] = (),
    encoder: Encoder | None = None,
) -> list[Term]:
    """Key phrases of the items' titles and descriptions, at most MOST_PHRASES, sorted by name.

    A phrase ends with a noun, and stands in at least LEAST_DOCUMENTS items (a single word, in a catalogue of
    LARGE_CATALOGUE, in LEAST_DOCUMENTS_ONE_WORD) and at most LARGEST_SHARE of them (or FEW_DOCUMENTS, if
    these are no more than LARGEST_SHARE_OF_FEW), or LEAST_USERS users write it. A sentence counts once, however
    many texts repeat it, so that the title of one work and a publisher's boilerplate do.
    Its outer words have to occur together more often than by chance, by LEAST_ASSOCIATION (not "quiet telescope").
    Forms of one meaning are joined (`gnn.extract.terms.joining`), and the best by df * ln(N / df) * words are chosen.
    Those `taken` are left out.

    Reference: Bouma, "Normalized (Pointwise) Mutual Information in Collocation Extraction", GSCL 2009.
    """
    found, doubts = _phrase_terms(_Reading(items, written), set(taken), encoder)
    return [term for term in found if term.name not in doubts]


def _phrase_terms(read: _Reading, taken: set[str], encoder: Encoder | None) -> tuple[list[Term], dict[str, float]]:
    """Phrases as terms, sorted by name; and name → doubt, from 0 to 1, of those that behaviour has to prove."""
    forms = join_forms(read.counts)
    counts = {name: sum(read.counts[form] for form in (name, *others)) for name, others in forms.items()}
    usable = {name: count for name, count in counts.items() if read.enough(name, forms[name])}
    usable = {name: count for name, count in usable.items() if read.associated(name, count)}
    torn = fragments(usable, read.counts.keys(), read.sentences)
    usable = {name: count for name, count in usable.items() if name not in torn and not read.is_glued(name)}
    parts = join_parts(usable)
    best = sorted(parts, key=lambda name: (-read.score(name, counts[name]), name))
    spelled = {spelling(name) for name in taken}
    best = [name for name in best if spelling(name) not in spelled]
    best, doubts = _worthy(best[: 2 * MOST_PHRASES], read.ubiquitous, encoder) if encoder else (best, {})
    best = best[:MOST_PHRASES]
    same = join_equal(best, counts, encoder) if encoder else {name: [] for name in best}
    terms = []
    for name, equal in same.items():
        also = [other for whole in (name, *equal) for part in (whole, *parts[whole]) for other in (part, *forms[part])]
        terms.append(Term(name, read.label(name), "phrase", tuple(sorted({*also} - {name}))))
    doubts = {name: min(doubts.get(form, 0.0) for form in (name, *equal)) for name, equal in same.items()}
    return sorted(terms, key=lambda term: term.name), {name: doubt for name, doubt in doubts.items() if doubt > 0}


def _worthy(names: Sequence[str], ubiquitous: set[str], encoder: Encoder) -> tuple[list[str], dict[str, float]]:
    """Names of what one can care about, or may: none that mean what nearly all items are.  Of the latter the doubt."""
    found = np.where(mean_any_of(names, sorted(ubiquitous), encoder), -1.0, worth(names, encoder))
    kept = {name: float(value) for name, value in zip(names, found, strict=True) if value >= DOUBTFUL}
    doubts = {name: (LEAST_WORTH - value) / (LEAST_WORTH - DOUBTFUL) for name, value in kept.items()}
    return list(kept), {name: doubt for name, doubt in doubts.items() if doubt > 0}


class _Reading:
    """The phrases of texts.  counts: the number of items and users with each, in different sentences.  sentences: those
    of items."""

    def __init__(self, items: Sequence[ItemText], written: Sequence[tuple[str, str]]) -> None:
        self._words: Counter[str] = Counter()
        self.sentences: list[str] = []
        self.items, users = self._in_items(items), self._in_users(written)
        self.documents = max(len(items), 1)
        self._users = users
        self._written: dict[str, Counter[str]] = defaultdict(Counter)
        for (name, form), count in (self.items + users).items():
            self._written[name][form] += count
        self._in = _by_name(self.items)
        self._by = _by_name(users)
        together = self._in + self._by
        few = min(FEW_DOCUMENTS, int(LARGEST_SHARE_OF_FEW * self.documents))
        self._ceiling = max(LEAST_DOCUMENTS, few, int(LARGEST_SHARE * self.documents))
        self.everywhere = {name for name, count in self._in.items() if count > self._ceiling}
        half = UBIQUITOUS * self.documents
        forms: Counter[str] = Counter()
        for name, count in self._in.items():
            forms[base_form(name)] += count
        self.ubiquitous = {name for name, count in forms.items() if self.documents >= LEAST_CATALOGUE and count > half}
        self.counts = {name: count for name, count in together.items() if count > 1 and self._says_something(name)}

    def _says_something(self, name: str) -> bool:
        words = [name] if HAN.search(name) else name.split(" ")
        return not (words[0] in self.everywhere or words[-1] in self.everywhere or names_nothing(words))

    def _in_items(self, items: Sequence[ItemText]) -> Counter[tuple[str, str]]:
        """Counts by (phrase, as it is written); a title, and a sentence of more than SHORT words, counts once."""
        counts: Counter[tuple[str, str]] = Counter()
        seen: set[str] = set()
        letters = sum(len(item.title) + len(item.description) for item in items)
        for item in items[:: max(1, -(-letters // MOST_LETTERS))]:
            fresh = [*_new(sentences(item.title), seen, 0), *_new(sentences(item.description), seen, SHORT)]
            counts.update(_of_one(fresh))
            self.sentences += fresh
            self._words.update({word for sentence in fresh for words in clauses(sentence) for word in words})
        return counts

    def _in_users(self, written: Sequence[tuple[str, str]]) -> Counter[tuple[str, str]]:
        counts: Counter[tuple[str, str]] = Counter()
        texts: dict[str, list[str]] = defaultdict(list)
        for user_id, text in written:
            texts[user_id].append(text)
        for user_id in sorted(texts):
            counts.update(_of_one(s for text in dict.fromkeys(texts[user_id]) for s in sentences(text)))
        return counts

    def enough(self, name: str, forms: Sequence[str]) -> bool:
        """Whether enough items or users have the phrase, and not too many items."""
        items, users = (sum(counts[form] for form in (name, *forms)) for counts in (self._in, self._by))
        single = _length(name) == 1 and self.documents >= LARGE_CATALOGUE
        least = LEAST_DOCUMENTS_ONE_WORD if single else LEAST_DOCUMENTS
        return items <= self._ceiling and (items >= least or users >= LEAST_USERS)

    def associated(self, name: str, count: int) -> bool:
        """Whether the outer words a, b have ln(p(ab) / p(a) p(b)) / -ln p(ab) of LEAST_ASSOCIATION or more.

        True for single words, and where a word is not counted.
        """
        words = name.split(" ")
        first, last = (self._words[word] for word in (words[0], words[-1]))
        if len(words) == 1 or not first or not last or count >= self.documents:
            return True
        association = math.log(count * self.documents / (first * last)) / math.log(self.documents / count)
        return association >= LEAST_ASSOCIATION

    def is_glued(self, name: str) -> bool:
        """Whether a word of the phrase is one of the items' words that a lost space joined to another."""
        return any(is_glued(word, self._words) for word in name.split(" "))

    def score(self, name: str, count: int) -> float:
        """df * ln(N / df) * words."""
        return count * math.log(max(self.documents / count, 1) + 1e-9) * _length(name)

    def label(self, name: str) -> str:
        """The phrase as texts mostly write it."""
        return max(self._written[name].items(), key=lambda pair: (pair[1], pair[0]))[0]


def _of_one(found: Iterable[str]) -> dict[tuple[str, str], int]:
    """1 for each phrase of an item's or user's sentences, as it is written first."""
    written: dict[str, str] = {}
    for sentence in found:
        for name, form in noun_phrases(sentence):
            written.setdefault(name, form)
    return dict.fromkeys(written.items(), 1)


def _new(found: Iterable[str], seen: set[str], short: int) -> Iterator[str]:
    """The sentences whose words without numbers were not seen yet, or are `short` at most; they are seen then."""
    for sentence in found:
        words = [word for clause in clauses(canonical(sentence)) for word in clause if not word[0].isdigit()]
        key = " ".join(words)
        if key not in seen or len(words) <= short:
            seen.add(key)
            yield sentence


def _by_name(counts: Mapping[tuple[str, str], int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (name, _), count in counts.items():
        found[name] += count
    return found


def _length(name: str) -> int:
    """The number of words of a phrase."""
    return sum(map(len, clauses(name))) if HAN.search(name) else name.count(" ") + 1


def _telling_apart(
    terms: Sequence[Term], doubts: Mapping[str, float], items: Sequence[ItemText], chosen: sp.csr_matrix
) -> list[Term]:
    """The terms that users repeat more often than by chance, or of which behaviour does not say enough.

    The more doubtful a term, the larger the lift that it needs: at most PROVEN times the median lift of what behaviour
    decides, within PROVEN_RANGE.
    """
    lift, expected = lifts(_about(terms, items), chosen)
    decided = expected >= LEAST_EXPECTED
    proven = float(np.clip(PROVEN * np.median(lift[decided]), *PROVEN_RANGE)) if decided.any() else PROVEN_RANGE[1]
    least = np.array([LEAST_LIFT if term.origin == "phrase" else LEAST_LIFT_ATTRIBUTE for term in terms])
    doubt = np.array([doubts.get(term.name, 0.0) for term in terms])
    keep = np.where(decided, lift >= least + doubt * (proven - least), (doubt == 0) | (lift >= proven))
    return [term for term, kept in zip(terms, keep, strict=True) if kept]


def _worthy_attributes(terms: Sequence[Term], items: Sequence[ItemText]) -> list[Term]:
    """Attributes without those that are a level or an act, as "share", of kinds with FEW_VALUES at most: a brand or a
    person may be called so. Acts are told in kinds that mostly have verbs as values."""
    values: dict[str, set[str]] = defaultdict(set)
    for item in items:
        for kind, value in item.attributes:
            values[kind].update(term.name for term in attribute_parts(kind, value))
    left_out: set[str] = set()
    for names in values.values():
        if len(names) <= FEW_VALUES:
            acts = ACTS * len(names) <= sum(map(is_verb, names))
            left_out |= {name for name in names if _is_level(name) or (acts and may_be_verb(name))}
    return [term for term in terms if term.name not in left_out]


def _is_level(name: str) -> bool:
    words = name.replace("_", " ").split(" ")
    return base_form(" ".join(words)) in refused("values") or (len(words) > 1 and names_nothing(words))


def _without_wording(terms: Sequence[Term], items: Sequence[ItemText], makers: set[str]) -> list[Term]:
    """Phrases without those that only one maker's items have.  makers: interests by attributes."""
    about = _about(terms, items).tocsc()
    places = {t.name: about.indices[about.indptr[n] : about.indptr[n + 1]].tolist() for n, t in enumerate(terms)}
    said = wording(places, items, makers)
    return [term for term in terms if term.name not in said]


def _without_passing(terms: Sequence[Term], items: Sequence[ItemText]) -> list[Term]:
    """Phrases without those that long texts name in passing."""
    if not are_long(items):
        return list(terms)
    forms = forms_of(terms)
    texts = ((phrases(f"{item.title}. {item.description}"), phrases(item.title)) for item in items)
    counted = (
        (Counter(forms[p] for p in text if p in forms), {forms[p] for p in t if p in forms}) for text, t in texts
    )
    said = in_passing(counted)
    return [term for term in terms if term.name not in said]


def _about(terms: Sequence[Term], items: Sequence[ItemText]) -> sp.csr_matrix:
    """(I, T) 1 where an item's text or attributes name a term."""
    forms, columns = forms_of(terms), {term.name: number for number, term in enumerate(terms)}
    rows, found = [], []
    for row, item in enumerate(items):
        names = {forms[p] for p in phrases(f"{item.title}. {item.description}") if p in forms}
        names |= {term.name for pair in item.attributes for term in attribute_parts(*pair)}
        mine = [columns[name] for name in names if name in columns]
        rows += [row] * len(mine)
        found += mine
    return sp.csr_matrix((np.ones(len(rows)), (rows, found)), shape=(len(items), len(terms)))
