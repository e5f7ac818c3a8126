"""tune as a command."""

from __future__ import annotations

from typing import Any

import click
from rich.table import Table

from commands.console import Terminal, with_terminal

NEXT = "interestgraph build && interestgraph update --full"


@click.command("tune")
@click.option("--trials", type=click.IntRange(1), default=30, show_default=True, help="In all, with those remembered.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Begin no trial after so long.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Another seed, another search.")
@click.option("--reset", is_flag=True, help="Forget the trials on this behaviour, and begin anew.")
@with_terminal
def tune_command(terminal: Terminal, **options: Any) -> None:
    """Look for better settings of build and update, judged on the latest events of the graph itself.

    Stopped, it goes on where it stopped. What beats the defaults is used by build and update from then on.
    """
    from gnn.update.tune import tune

    with terminal.client() as client, terminal.progress() as progress:
        found = tune(client, terminal.settings, progress=progress, **options)
    terminal.answer(found, lambda row: show_tuned(terminal, row))


def show_tuned(terminal: Terminal, found: dict[str, Any]) -> None:
    """The best trials, the gain over the defaults with its interval, and what to do next."""
    out = terminal.out
    table = Table(box=None)
    table.add_column("trial")
    table.add_column("NDCG@10", justify="right")
    table.add_column("settings", overflow="fold")
    shown = found["best_trials"]
    for row in shown:
        name = "defaults" if row["trial"] == 0 else str(row["trial"])
        table.add_row(name, f"{row['ndcg_at_10']:.4f}", settings_text(row["settings"]))
    if all(row["trial"] for row in shown):
        table.add_row("defaults", f"{found['default_ndcg_at_10']:.4f}", "")
    out.print(table)
    low, high = found["gain_interval"]
    terminal.hanging(
        "",
        f"{found['trials']} trials on {found['users']:,} users' later events, held out {found['held_out']}"
        f" ({found['remembered']} trials were remembered).",
    )
    terminal.hanging(
        "",
        f"Gain over the defaults, for users who had no part in the choice: {found['gain']:+.4f}"
        f" (95 %: {low:+.4f} to {high:+.4f}).",
    )
    if found["adopted"]:
        terminal.hanging("Adopted: ", settings_text(found["best"]))
        out.print(f"Next:  {NEXT}", markup=False)
    else:
        out.print("The defaults stay: no trial beat them by more than chance.", markup=False)


def settings_text(settings: dict[str, Any]) -> str:
    """Settings in one line."""
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {'none' if value is None else value}"
        for name, value in settings.items()
    )
