"""The managed Neo4j: fetch, start, stop, status, browser."""

from __future__ import annotations

import webbrowser
from datetime import timedelta
from typing import Any

import click

from commands.console import Commands, Terminal, with_terminal
from graphstore.errors import InputError


def managed(terminal: Terminal) -> Any:
    """The managed server of INTERESTGRAPH_HOME.

    Raises:
        InputError: NEO4J_URI names another server, which is not this program's to start or stop.
    """
    from graphstore.connection import managed_server

    if terminal.settings.neo4j_uri is not None:
        raise InputError(
            f"NEO4J_URI is {terminal.settings.neo4j_uri}: the managed server is not in use. Unset it first."
        )
    return managed_server(terminal.settings)


@click.group("server", cls=Commands)
def server_group() -> None:
    """The managed local Neo4j: fetch, start, stop, status, browser."""


def _show_address(terminal: Terminal, row: dict[str, Any]) -> None:
    for name, value in row.items():
        what, _, unit = name.rpartition("_")
        if unit == "bytes":
            name, value = what, f"{value / 1e6:,.1f} MB"
        elif unit == "seconds":
            name, value = what, str(timedelta(seconds=round(value)))
        terminal.out.print(f"{name.replace('_', ' '):14} {value}", markup=False)


def _address_row(server: Any, address: Any) -> dict[str, Any]:
    return {
        "bolt_uri": address.bolt_uri,
        "browser_url": address.browser_url,
        "username": address.username,
        "password_file": str(server.folder / "password"),
        "pid": address.pid,
    }


@server_group.command("fetch")
@with_terminal
def fetch(terminal: Terminal) -> None:
    """Fetch Neo4j's programs, so that its first start needs no network; nothing to do if they are there."""
    from graphstore.server.files import fetch_jars

    version = terminal.settings.neo4j_version
    folder = fetch_jars(version, message=terminal.message)
    terminal.answer(
        {"version": version, "folder": str(folder)}, lambda row: print(f"Neo4j {row['version']} is in {row['folder']}.")
    )


@server_group.command("start")
@click.option("--recover", is_flag=True, help="Cut off the unreadable end of a transaction log; a copy is kept.")
@with_terminal
def start(terminal: Terminal, recover: bool) -> None:
    """Start it, or say that it runs already."""
    server = managed(terminal)
    recovered = {}
    if recover:
        address, recovered["recovery"] = server.recover(terminal.message)
    else:
        address = server.start(terminal.message)
    with terminal.client():
        pass
    terminal.answer(_address_row(server, address) | recovered, lambda row: _show_address(terminal, row))


@server_group.command("stop")
@with_terminal
def stop(terminal: Terminal) -> None:
    """Stop it cleanly; Neo4j takes about ten seconds."""
    stopped = managed(terminal).stop()
    terminal.answer({"stopped": stopped}, lambda row: print("Stopped." if row["stopped"] else "It was not running."))


@server_group.command("status")
@with_terminal
def status(terminal: Terminal) -> None:
    """Whether it runs, where, since when, and how large it is."""
    row = managed(terminal).status().as_dict()
    terminal.answer(row, lambda r: _show_address(terminal, {k: v for k, v in r.items() if v is not None}))


@server_group.command("browser")
@click.option("--show-password", is_flag=True, help="Print the password instead of the name of its file.")
@with_terminal
def browser(terminal: Terminal, show_password: bool) -> None:
    """Open Neo4j Browser on the graph, and say how to log in."""
    server = managed(terminal)
    address = server.start(terminal.message)
    row = _address_row(server, address)
    if show_password:
        row["password"] = address.password
    if not terminal.as_json:
        webbrowser.open(row["browser_url"])
    terminal.answer(row, lambda r: _show_address(terminal, r))
