"""`interestgraph reading`: what was read about a user; `interestgraph merges`: names taken for another interest."""

from __future__ import annotations

from typing import Any

import click
from rich.text import Text

from commands.console import Commands, Terminal, plain_table, stored_id, with_terminal

COUNT = click.IntRange(1)
MOST_TOPICS, MOST_NUMBERS = 5, 20
MOST_LETTERS = 100  # of a text


@click.command("reading")
@click.argument("user_id", callback=stored_id)
@click.option("--events", type=COUNT, default=30, show_default=True, help="How many of the latest are shown.")
@with_terminal
def reading_command(terminal: Terminal, user_id: str, events: int) -> None:
    """What was read about a user and what was concluded from it, line by line."""
    from graphstore.profiles.interests import read_reading

    with terminal.client() as client:
        found = read_reading(client, user_id, events)
    terminal.answer(found, lambda document: show_reading(terminal, document))


def listed(texts: list[str], most: int) -> str:
    """The first texts, and how many there are besides."""
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def topics(rows: list[dict[str, Any]]) -> str:
    """The first interests with weights and who extracted them."""
    return listed([f"{row['name']} {row['weight']:.2f} ({row['by']})" for row in rows], MOST_TOPICS)


def short(text: str) -> str:
    """A text in quotation marks, its first MOST_LETTERS letters."""
    text = " ".join(text.split())
    return f"“{text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + '…'}”"


def show_reading(terminal: Terminal, document: dict[str, Any]) -> None:
    """A line for each event or search with what was written, what it is about and what its text mentions, then one for
    each interest and the events it rests on, and for each that is over."""
    terminal.out.print("Read, newest first", style="bold")
    if not document["read"]:
        terminal.hanging("     ", "no event of this user is in the graph")
    for event in document["read"]:
        what = event["kind"].lower() + ("" if event["value"] is None else f" {event['value']:g}")
        day, on, about = (event["at"] or "no time")[:10], event["title"] or event["item_id"], topics(event["about"])
        written = short(event["text"]) if event["text"] else ""
        line = ", ".join(part for part in (on, written) if part)
        terminal.hanging(f"{event['number']:4} {day:10} ", f"{what}: {line}")
        terminal.hanging("       ", about or "nothing is known of it", style="dim")
        if event["mentioned"]:
            terminal.hanging("       ", f"its text mentions {topics(event['mentioned'])}", style="dim")
    terminal.out.print("Concluded", style="bold")
    if not document["concluded"]:
        terminal.hanging("     ", "nothing yet: interestgraph extract concludes from what was read")
    for row in document["concluded"]:
        rests = listed(list(map(str, row["numbers"])), MOST_NUMBERS) or "none of these"
        older = f" and {row['older']} older" if row["older"] else ""
        called = f"{row['label']} (of {', '.join(row['broader'])})" if row["broader"] else row["label"]
        line = f"{row['polarity']} {called}, {row['horizon']}, {row['weight']:.2f} ({row['extracted_by']})"
        terminal.hanging("     ", f"{line}: from {rests}{older}")
    if document["past"]:
        terminal.out.print("Over, the last first", style="bold")
    for row in document["past"]:
        days = f"{(row['valid_from'] or 'ever')[:10]} to {row['valid_to'][:10]}"
        line = f"{row['polarity']} {row['label']}, {row['horizon']}, {days} ({row['extracted_by']})"
        terminal.hanging("     ", line, style="dim")
    for row in document["corrections"]:
        terminal.hanging("     ", f"{row['label']}: the user says {row['correction']}")


@click.group("merges", cls=Commands)
def merges_group() -> None:
    """Names that a language model gave and that were taken for an interest that was there."""


@merges_group.command("list")
@with_terminal
def list_command(terminal: Terminal) -> None:
    """What was taken for what, and how near it was."""
    from graphstore.extract.language_model import read_aliases

    with terminal.client() as client:
        rows = read_aliases(client)
    terminal.answer(rows, lambda found: show_merges(terminal, found))


def show_merges(terminal: Terminal, rows: list[dict[str, Any]]) -> None:
    """A row for each name."""
    if not rows:
        terminal.out.print("No name was merged.")
        return
    table = plain_table("name", "is taken for", "cosine", "since", texts=2)
    for row in rows:
        cosine = "" if row["cosine"] is None else f"{row['cosine']:.2f}"
        table.add_row(Text(row["name"]), Text(row["interest"] or "(itself)"), cosine, (row["at"] or "")[:10])
    terminal.out.print(table)


@merges_group.command("undo")
@click.argument("name")
@with_terminal
def undo_command(terminal: Terminal, name: str) -> None:
    """Make NAME an interest of its own again, with all that was said in it."""
    from gnn.extract.aliases import undo

    with terminal.client() as client:
        moved = undo(client, terminal.settings, name)
    terminal.answer(
        {"name": name, **moved},
        lambda m: terminal.hanging(
            "",
            f"{name!r} is an interest of its own: {m['users']:,} users and {m['items']:,} items moved to it from"
            f" {m['interest']!r}. Run `interestgraph build` to count it in.",
        ),
    )
