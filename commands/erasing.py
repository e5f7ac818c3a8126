"""erase and export, for one user; reset, for the whole graph."""

from __future__ import annotations

from typing import Any

import click

from commands.console import YES, Terminal, json_text, stored_id, with_terminal

KEEPS_FILES = ("models", "cache", "rejected")


@click.command("erase")
@click.argument("user_id", callback=stored_id)
@YES
@with_terminal
def erase_command(terminal: Terminal, user_id: str, yes: bool) -> None:
    """Erase a user from the graph, with their behaviour, interests and embedding, after asking.

    Files of rejected rows and cached answers of a language model are not touched: delete these yourself.
    """
    from graphstore.profiles.erasure import erase_user, export_user

    with terminal.client() as client:
        if not yes:
            held = export_user(client, user_id)
            searches = f", {len(held['searches']):,} searches" if held["searches"] else ""
            amounts = f"{len(held['events']):,} events{searches} and {len(held['interests']):,} interests"
            terminal.confirm(f"This erases user {user_id}, with {amounts}. It can't be undone.", yes)
        counts = erase_user(client, user_id)
    terminal.answer(counts, lambda c: terminal.hanging("", f"Erased user {user_id}: {parts(c) or 'nothing else'}."))


def parts(counts: dict[str, int]) -> str:
    """The counts that are not 0, as text."""
    return ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)


@click.command("export")
@click.argument("user_id", callback=stored_id)
@with_terminal
def export_command(terminal: Terminal, user_id: str) -> None:
    """Print everything that the graph stores about a user, as JSON."""
    from graphstore.profiles.erasure import export_user

    with terminal.client() as client:
        data = export_user(client, user_id)
    terminal.answer(data, lambda d: print(json_text(d, indent=2)))


@click.command("reset")
@click.option("--keys", is_flag=True, help="API keys go as well.")
@YES
@with_terminal
def reset_command(terminal: Terminal, keys: bool, yes: bool) -> None:
    """Empty the graph of all that this program wrote, after asking; what others keep in the database stays.

    API keys stay unless --keys is given, and so do constraints and indexes. Files are not touched: models, caches and
    rejected rows lie in INTERESTGRAPH_HOME. Stop `update --follow` and the stages before.
    """
    from graphstore.administration.reset import count_graph, reset

    with terminal.client() as client:
        found = count_graph(client, keys)
        if not any(found.counts.values()):
            terminal.answer({"deleted": {}}, lambda _: terminal.hanging("", "The graph is empty: nothing to delete."))
            return
        terminal.confirm(f"This deletes {parts(found.counts)}. {found.beside}It can't be undone.", yes)
        with terminal.progress() as progress:
            deleted = reset(client, keys, progress)
    folders = [str(path) for name in KEEPS_FILES if (path := terminal.settings.home / name).exists()]
    terminal.answer({"deleted": deleted, "files": folders}, lambda row: show_reset(terminal, row, keys))


def show_reset(terminal: Terminal, row: dict[str, Any], keys: bool) -> None:
    """What went, and what stays."""
    terminal.hanging("", f"Deleted: {parts(row['deleted'])}.")
    stays = ["constraints and indexes", *([] if keys else ["API keys"]), *row["files"]]
    terminal.hanging("Stays: ", ", ".join(stays))
