"""A report of `evaluate`: tables in the terminal, a bar chart, and the lists of each system as files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gnn.evaluation.baselines import slug
from graphstore.database.disk import written_whole
from graphstore.errors import InputError

SHOWN = ("ndcg@10", "ndcg@20", "recall@20", "hitrate@10", "mrr")
BEYOND = ("coverage@10", "novelty@10", "diversity@10")
PLOTTED = {"ndcg@10": "NDCG@10", "recall@20": "Recall@20"}
COLOURS = ("#1f6f8b", "#e09f3e")
Report = Mapping[str, Any]


def print_report(console: Console, report: Report) -> None:
    """Tables of all systems, of the served lists against the best baseline, and of their views; then the notes.

    No table is wider than 80 columns.
    """
    name, served = next(iter(report["systems"].items()))
    console.print(f"{served['all']['users']:,} users, means ± 1.96 standard errors", style="dim")
    console.print(systems_table(report))
    console.print()
    console.print(beyond_table(report))
    if report.get("versus_best", {}).get("all"):
        console.print("\nserved minus the best peer, paired by user", style="dim")
        console.print(versus_table(report))
    if served.get("history"):
        console.print(f"\n{name} by view, and by the users' number of training events", style="dim")
        console.print(views_table(served))
    for note in report.get("notes", ()):
        console.print(f"· {note}", style="dim", markup=False, soft_wrap=not console.is_terminal)


def systems_table(report: Report) -> Table:
    """A row for each system: means over all scored users ± 1.96 standard errors."""
    table = _table("system", *SHOWN)
    for name, system in report["systems"].items():
        table.add_row(name, *_estimates(system["all"]))
    return table


def beyond_table(report: Report) -> Table:
    """A row for each system: how much of the catalogue its lists show, how unusual and how unlike the items are."""
    table = _table("system", *BEYOND)
    for name, system in report["systems"].items():
        cells = ("–" if system.get(metric) is None else f"{system[metric]:.3f}" for metric in BEYOND)
        table.add_row(name, *cells)
    return table


def versus_table(report: Report) -> Table:
    """A row for each metric: the served lists minus the best baseline on it, paired, with a 95 % interval."""
    table = Table("metric", "peer", "difference", "95 % interval", box=None, pad_edge=False)
    for metric, row in report["versus_best"]["all"].items():
        low, high = row["interval"]
        table.add_row(metric, row["peer"], f"{row['difference']:+.4f}", f"{low:+.4f} to {high:+.4f}")
    return table


def views_table(served: Report) -> Table:
    """A row for each view of the served lists: cold items, cold users, and users by their number of training events."""
    views = {view.replace("_", " "): served[view] for view in ("known", "cold_items", "cold_users") if view in served}
    for length, row in served["history"].items():
        views[f"{length.replace('more than', 'over')} event{'' if length == '1' else 's'}"] = row
    table = _table("view", "users", *SHOWN)
    for view, row in views.items():
        table.add_row(view, f"{row['users']:,}", *_estimates(row))
    return table


def _table(name: str, *columns: str) -> Table:
    table = Table(name, box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _estimates(view: Report) -> list[str]:
    """Each metric with its half-width, in nine characters: .222±.051."""
    return [f"{_short(view[metric])}±{_short(view[metric + '_ci'])}" for metric in SHOWN]


def _short(share: float) -> str:
    """A share in four characters: .222, 1.00."""
    text = f"{share:.3f}"
    return text.removeprefix("0") if text.startswith("0.") else text[:4]


def plot(report: Report, path: Path) -> None:
    """Write a bar chart as PNG: NDCG@10 and Recall@20 of each system over all scored users, with 95 % intervals.

    Raises:
        InputError: the file can't be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    systems = {name: system["all"] for name, system in report["systems"].items()}
    names = list(systems)[::-1]  # bars are drawn from the bottom
    figure = Figure(figsize=(8, 1.2 + 0.55 * len(names)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    height = 0.8 / len(PLOTTED)
    for n, (metric, colour) in enumerate(zip(PLOTTED, COLOURS, strict=True)):
        means = [systems[name][metric] for name in names]
        ends = [systems[name][metric + "_interval"] for name in names]
        below = [max(0.0, mean - low) for mean, (low, _) in zip(means, ends, strict=True)]
        above = [max(0.0, high - mean) for mean, (_, high) in zip(means, ends, strict=True)]
        places = [row - (n - (len(PLOTTED) - 1) / 2) * height for row in range(len(names))]
        axes.barh(
            places, means, height, xerr=[below, above], color=colour, label=PLOTTED[metric], error_kw={"capsize": 2}
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_xlim(left=0)
    axes.set_title(
        f"{next(iter(systems.values()))['users']:,} users, full ranking, 95 % intervals over users", fontsize=10
    )
    figure.legend(loc="outside lower center", ncols=len(PLOTTED), frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    try:
        figure.savefig(path, format="png", dpi=150)
    except OSError as error:
        raise InputError(f"{path}: the plot can't be written: {error.strerror}.") from error


def write_lists(folder: Path, lists: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """Write a JSONL file for each system: a line for each user with user_id and items, best first.

    Raises:
        InputError: a file can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, ranked in lists.items():
            with written_whole(folder / f"{slug(name)}.jsonl") as stream:
                for user_id, items in ranked.items():
                    stream.write(json.dumps({"user_id": user_id, "items": list(items)}, ensure_ascii=False) + "\n")
    except OSError as error:
        raise InputError(f"{folder}: the lists can't be written there: {error.strerror}.") from error
