"""Presentation: answers of the graph as the bars, chips and groups that the templates draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphstore.database.runs import count_texts, dated

Document = Mapping[str, Any]
SHOWN_INTERESTS = 12
GROUPS = (
    ("likes", "short", "Lately drawn to"),
    ("likes", "long", "Lasting interests"),
    ("dislikes", "short", "Lately put off by"),
    ("dislikes", "long", "Lasting dislikes"),
)
CLOSE = "items that people choose together with it"  # of a part that is named without one thing in common
ORIGINS = {  # of parts of a score: what a part without a name of its own is called, in the order of their colours
    "event": "other items of this user",
    "vector": "taste as a whole",
    "interest": "other interests",
    "person": "other people followed",
    "people": "people who choose alike",
    "popularity": "how popular it is",
    "attribute": "other attributes",
    "search": "other searches",
}


def bars(parts: Sequence[Document]) -> list[dict[str, Any]]:
    """The parts that speak for an item as parts of one bar, 0 to 100 wide: those that the reason names, then the rest,
    each kind in a colour of its own."""
    speaking = [part for part in parts if part["share"] > 0]
    total = sum(part["share"] for part in speaking)
    shown: list[dict[str, Any]] = []
    left = 0.0
    for part in speaking:
        width = 100 * part["share"] / total
        shown.append(
            {
                "name": part.get("title") or (CLOSE if part.get("items") else ORIGINS[part["origin"]]),
                "percent": round(width),
                "colour": list(ORIGINS).index(part["origin"]),
                "x": round(left, 2),
                "width": round(width, 2),
            }
        )
        left += width
    return shown


def chips(path: Sequence[Document] | None) -> list[dict[str, Any]]:
    """A path, nodes and relationships in turn, as chips with text; nodes carry their key to link to."""
    found: list[dict[str, Any]] = []
    for element in path or []:
        properties = element.get("properties") or {}
        if "type" in element:
            found.append({"kind": "relationship", "text": words(element["type"]), "detail": _detail(properties)})
        else:
            key = element.get("key")
            if isinstance(key, Mapping):
                key = "=".join(str(part) for part in key.values())
            title = (
                element.get("title")
                or properties.get("title")
                or properties.get("label")
                or properties.get("value")
                or key
            )
            shown = "somebody" if title is None else str(title)
            found.append({"kind": "node", "label": element.get("label", ""), "key": key, "text": shown})
    return found


def words(relationship_type: str) -> str:
    """A relationship type as words."""
    return relationship_type.replace("_", " ").lower()


def _detail(properties: Document) -> str:
    shown = {"score": "score", "weight": "weight", "value": "", "polarity": "", "at": ""}
    parts = []
    for name, label in shown.items():
        value = properties.get(name)
        if value is None:
            continue
        text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)[:10]
        parts.append(f"{label} {text}".strip())
    return ", ".join(parts)


def grouped(interests: Sequence[Document], corrections: Sequence[Document]) -> list[dict[str, Any]]:
    """Interests by polarity and horizon, each name once, strongest first, at most SHOWN_INTERESTS a group.

    Each row has the width of its bar, 0 to 100, and the user's `correction`, None without one.
    """
    corrected = {one["name"]: one["correction"] for one in corrections}
    groups = []
    for polarity, horizon, title in GROUPS:
        found = [one for one in interests if one["polarity"] == polarity and one["horizon"] == horizon]
        strongest = {one["name"]: one for one in sorted(found, key=lambda one: one["weight"] or 0)}
        rows = sorted(strongest.values(), key=lambda one: -(one["weight"] or 0))
        if rows:
            shown = [_with_width(row, corrected.get(row["name"])) for row in rows[:SHOWN_INTERESTS]]
            groups.append({"title": title, "polarity": polarity, "rows": shown, "more": len(rows) - len(shown)})
    return groups


def run_counts(counts: Document) -> str:
    """The counts of a run in words; of collect those of each file."""
    parts = []
    for name, value in dated(dict(counts)).items():
        if not isinstance(value, Mapping):
            parts += count_texts({name: value})
        elif "created" in value and (inner := count_texts({k: v for k, v in value.items() if isinstance(v, int)})):
            parts.append(f"{name}: {', '.join(inner)}")
    return "; ".join(parts)


def _with_width(row: Document, correction: str | None) -> dict[str, Any]:
    return {**row, "width": round(100 * min(row["weight"] or 0, 1), 1), "correction": correction}


def unshown(corrections: Sequence[Document], groups: Sequence[Document]) -> list[Document]:
    """Corrections of interests that no group shows: deleted ones, and those beyond SHOWN_INTERESTS."""
    shown = {row["name"] for group in groups for row in group["rows"]}
    return [one for one in corrections if one["name"] not in shown]
