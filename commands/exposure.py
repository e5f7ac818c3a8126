"""exposure: which items the lists of all users show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.text import Text

from commands.console import Terminal, plain_table, with_terminal
from graphstore.errors import InputError


@click.command("exposure")
@click.option("-k", type=int, default=10, show_default=True, help="How many items of each list count.")
@click.option("--lists", type=click.Path(path_type=Path, dir_okay=False), help="A file of recommend --all.")
@click.option("--diversity", type=float, default=0.0, help="As for recommend, where there is no file.")
@click.option("--explore", type=float, default=0.0, help="As for recommend, where there is no file.")
@with_terminal
def exposure_command(terminal: Terminal, k: int, lists: Path | None, diversity: float, explore: float) -> None:
    """Report which items the lists of all users show: coverage, concentration, and groups beside what people choose."""
    from graphstore.administration.exposure import exposure_report, read_lists
    from graphstore.recommend.related import check_k
    from graphstore.recommend.stage import recommend_all

    check_k(k)
    if lists and (diversity or explore):
        raise InputError("The lists of a file are as they are: give --diversity and --explore to recommend --all.")
    with terminal.client() as client, terminal.progress() as progress:
        rows = (
            read_lists(lists)
            if lists
            else recommend_all(client, k=k, progress=progress, diversity=diversity, explore=explore)
        )
        report = exposure_report(client, rows, k)
    terminal.answer(report, lambda r: show_exposure(terminal, r))


def show_exposure(terminal: Terminal, report: dict[str, Any]) -> None:
    """The figures, then a table for each way to group items."""
    out = terminal.out
    terminal.hanging(
        "",
        f"{report['users']:,} lists of {report['k']} show {report['shown']:,} of {report['items']:,} items"
        f" ({report['coverage']:.1%}); Gini {report['gini']:.3f}; the most exposed 1 % of the items get"
        f" {report['share_of_top_1_percent']:.1%}, 10 % get {report['share_of_top_10_percent']:.1%};"
        f" novelty {report['novelty']:.2f} bits.",
    )
    for grouping, rows in report["groups"].items():
        table = plain_table(grouping, "exposure", "choices", "catalogue", "exposure / choices")
        for row in rows:
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
            shares = (f"{row[key]:.1%}" for key in ("exposure", "choices", "catalogue"))
            table.add_row(Text(row["group"]), *shares, ratio)
        out.print()
        out.print(table)
    never = report["never_shown"]
    out.print()
    if never["items"]:
        text = f"{never['items']:,} items, the most chosen of them: {', '.join(never['examples'])}"
    else:
        text = "no item; every one is in some list"
    terminal.hanging("Never shown: ", text)
