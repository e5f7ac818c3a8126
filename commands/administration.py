"""Commands beside the stages: keys, serve, evaluate, estimate, doctor."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from commands.console import YES, Commands, Terminal, plain_table, with_terminal


@click.group("keys", cls=Commands)
def keys_group() -> None:
    """API keys of the web application."""


@keys_group.command("create")
@click.argument("name")
@click.option("--scopes", default="read", show_default=True, help="Any of read,write,admin.")
@with_terminal
def create(terminal: Terminal, name: str, scopes: str) -> None:
    """Make a key and print it once; only its hash is stored."""
    from graphstore.administration.keys import create_key

    with terminal.client() as client:
        key = create_key(client, name, [scope.strip() for scope in scopes.split(",") if scope.strip()])
    terminal.answer({"name": name, "scopes": scopes, "key": key}, lambda row: print(row["key"]))


@keys_group.command("list")
@with_terminal
def list_(terminal: Terminal) -> None:
    """The keys' names, scopes and times; never the keys."""
    from graphstore.administration.keys import list_keys

    with terminal.client() as client:
        rows = list_keys(client)
    terminal.answer(rows, lambda found: show_keys(terminal, found))


def show_keys(terminal: Terminal, rows: list[dict[str, Any]]) -> None:
    """A row for each key."""
    if not rows:
        terminal.hanging("", "There is no key. Make one: interestgraph keys create NAME --scopes read,write")
        return
    table = plain_table("name", "scopes", "created", "revoked", texts=2)
    for row in rows:
        times = (str(row[when] or "")[:16].replace("T", " ") for when in ("created_at", "revoked_at"))
        table.add_row(Text(row["name"]), ", ".join(row["scopes"]), *times)
    terminal.out.print(table)


@keys_group.command("revoke")
@click.argument("name")
@YES
@with_terminal
def revoke(terminal: Terminal, name: str, yes: bool) -> None:
    """Revoke a key, after asking: requests that use it are refused, and it can't be put in force again."""
    from graphstore.administration.keys import revoke_key

    terminal.confirm(f"This revokes the key {name!r}: what uses it is refused from then on.", yes)
    with terminal.client() as client:
        revoke_key(client, name)
    terminal.answer({"name": name, "revoked": True}, lambda row: terminal.hanging("", f"Revoked {row['name']}."))


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 256))
@with_terminal
def serve_command(terminal: Terminal, host: str, port: int, threads: int) -> None:
    """Serve the web application and its pages; needs an API key (see keys)."""
    from web.configuration import WebConfig
    from web.serving import serve

    config = replace(WebConfig.from_environment(os.environ), settings=terminal.settings)
    serve(terminal.settings, host=host, port=port, threads=threads, config=config)


@click.command("evaluate")
@click.option("--train", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--test", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--items", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--users", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--ties", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--k", default=20, show_default=True, type=click.IntRange(1, 1000), help="Length of the lists.")
@click.option(
    "--media",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=".",
    help="The folder that images and sounds are read in. Default: the current one.",
)
@click.option("--encoder", help="Items are read by it, as extract --encoder takes it.")
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Write a bar chart to this PNG file.")
@click.option("--baselines", default="all", show_default=True, help="all, none, or names such as item-knn,ease.")
@click.option(
    "--output-lists", type=click.Path(path_type=Path, file_okay=False), help="Write every system's lists here."
)
@with_terminal
def evaluate_command(
    terminal: Terminal,
    train: Path,
    test: Path,
    items: Path | None,
    users: Path | None,
    ties: Path | None,
    k: int,
    media: Path,
    encoder: str | None,
    plot: Path | None,
    baselines: str,
    output_lists: Path | None,
) -> None:
    """Run the stages on a training file in a scratch server and score what is served on a test file."""
    from gnn.encoders import by_name
    from gnn.evaluate import StageOptions, evaluate
    from gnn.evaluation import report as reporting
    from gnn.evaluation.baselines import named
    from graphstore.kinds import read_kinds

    files: dict[str, Any] = {"users_file": users, "ties_file": ties, "lists_folder": output_lists}
    reader = by_name.encoder(encoder, terminal.settings.models)
    stages = StageOptions(media=media, encoder=reader, kinds=read_kinds(terminal.settings.kinds_file))
    scoring: dict[str, Any] = {"k": k, "baselines": named(baselines)}
    with terminal.progress() as progress:
        report = evaluate(train, test, items, **files, options=stages, **scoring, progress=progress)
    if plot is not None:
        reporting.plot(report, plot)
    terminal.answer(report, lambda r: show_evaluation(terminal, r))


def show_evaluation(terminal: Terminal, report: dict[str, Any]) -> None:
    """The report for people: systems, the paired differences, views, and notes."""
    from gnn.evaluation.report import print_report

    print_report(terminal.out, report)


@click.command("estimate")
@click.option("--users", required=True, type=click.IntRange(0))
@click.option("--items", required=True, type=click.IntRange(0))
@click.option("--events", required=True, type=click.IntRange(0))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Of update --follow.")
@click.option("--figures", is_flag=True, help="Print what it is computed from as well.")
@with_terminal
def estimate_command(terminal: Terminal, users: int, items: int, events: int, workers: int, figures: bool) -> None:
    """Processor time, memory and disk for a graph of this size, fitted to measurements."""
    from graphstore.administration.estimate import estimate, estimate_lines

    row = estimate(users, items, events, workers)
    terminal.answer(row, lambda r: print("\n".join(estimate_lines(r, figures))))


@click.command("doctor")
@with_terminal
def doctor_command(terminal: Terminal) -> None:
    """What works here: Neo4j, schema, indexes, model, encoder, device."""
    from graphstore.administration.doctor import diagnose

    checks = diagnose(terminal.settings)
    rows = [{"name": c.name, "ok": c.ok, "detail": c.detail, "remedy": c.remedy} for c in checks]

    def show(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            terminal.hanging("ok    " if row["ok"] else "FAIL  ", f"{row['name']}: {row['detail']}")
            if not row["ok"] and row["remedy"]:
                terminal.hanging("      ", row["remedy"])

    terminal.answer(rows, show)
    if not all(row["ok"] for row in rows):
        sys.exit(1)
