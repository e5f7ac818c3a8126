"""The tables of quality.py: the systems of a data set, and all data sets beside their targets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from gnn.evaluate import SERVED
from gnn.evaluation.report import print_report

Report = dict[str, Any]
Found = Mapping[str, Any]
WIDTH = 160
MAIN = ("ndcg@10", "recall@20")
TARGETS: dict[str, dict[str, float]] = {
    "ml-100k@user": {"ndcg@10": 0.196, "recall@20": 0.290},
    "ml-latest-small@user": {"ndcg@10": 0.127, "recall@20": 0.182},
    "uci-online-retail": {"ndcg@10": 0.126, "recall@20": 0.132},
    "hetrec2011-lastfm-2k": {"ndcg@10": 0.219, "recall@20": 0.312},
    "lightgcn-gowalla": {"recall@20": 0.194, "ndcg@20": 0.162},
    "lightgcn-yelp2018": {"recall@20": 0.0723, "ndcg@20": 0.0604},
}


def number(value: float, digits: int = 4) -> str:
    """A share without its leading zero: .1234."""
    return f"{value:.{digits}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{digits}f}"


def show_systems(measured: Report) -> None:
    """What one data set's evaluation found: the report as the program prints it, and how it was checked."""
    split, console = measured["split"], wide_console()
    console.print(f"{split['name']}, {measured['part']}: full ranking, seen items excluded, ± 1.96 s.e.", style="bold")
    print_report(console, measured["report"])
    alike = len(measured["rescored"])
    checked = f"{alike} systems scored alike by the shared scorer" if alike else "no shared scorer was at hand"
    console.print(f"· split by the {split['source']} rules; {checked}\n", style="dim")


def estimate(view: Found, metric: str) -> str:
    """A metric with its half-width; empty where the view lacks it."""
    if view.get(metric) is None:
        return ""
    half_width = view.get(f"{metric}_ci")
    return number(view[metric]) + ("" if half_width is None else f" ±{number(half_width)}")


def show_summary(measured: Mapping[str, Report], as_json: bool) -> None:
    """One row for each data set, or with `as_json` everything that was measured as one document."""
    title = "Served lists on every data set"
    rows = [summary_row(name, found) for name, found in measured.items()]
    if as_json:
        print(json.dumps({"title": title, "rows": rows, "measured": measured}, indent=2, default=str))
        return
    table = Table(*rows[0], title=title, title_justify="left", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(str, row.values()))
    wide_console().print(table)


def wide_console() -> Console:
    """The terminal as wide as it is; a file or pipe wide enough for these tables."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH)


def summary_row(name: str, measured: Report) -> Report:
    """Served beside target, best peer and, on cold items, chance and text; and how long it took. Cells have lines."""
    report, served = measured["report"], measured["report"]["systems"][SERVED]
    targets = TARGETS.get(name, {})
    lines = [served_line(metric, measured, targets.get(metric)) for metric in targets or MAIN]
    return {
        "data set": name,
        "users": served["all"]["users"],
        "served": "\n".join(lines),
        "minus the best peer": "\n".join(versus(report, metric) for metric in targets or MAIN),
        "cold items, Recall@20": cold_cell(served, report.get("cold_alone", {}), measured["cold"]),
        "seconds": "\n".join(f"{what} {value:,.0f}" for what, value in measured["seconds"].items()),
    }


def served_line(metric: str, measured: Report, target: float | None) -> str:
    """A metric of the served lists, its range over seeds, and its target where there is one."""
    text = f"{metric} {estimate(measured['report']['systems'][SERVED]['all'], metric)}"
    return text + spread(measured["seeds"], metric) + ("" if target is None else f", target {target:g}")


def spread(seeds: list[Report], metric: str) -> str:
    """The range over seeds, where there are several."""
    values = [found["all"][metric] for found in seeds]
    return f" ({number(min(values))}–{number(max(values))} over {len(values)} seeds)" if len(values) > 1 else ""


def versus(report: Report, metric: str) -> str:
    """The paired difference from the best baseline in this metric, with its interval."""
    row = report.get("versus_best", {}).get("all", {}).get(metric)
    if row is None:
        return ""
    low, high = row["interval"]
    return f"{metric} {row['difference']:+.4f} [{low:+.4f}, {high:+.4f}] {row['peer']}"


def cold_cell(served: Found, alone: Found, cold: Found) -> str:
    """Recall@20 on cold items: in the served lists; and by us, by chance and by text in lists of cold items alone."""
    if "users" not in cold:
        return ""
    ours = served.get("cold_items", {}).get("recall@20")
    by_text = cold.get("content-kNN", {}).get("recall@20")
    parts = {
        "in served lists": ours,
        "cold alone: served": alone.get("recall@20"),
        "random": cold["random"],
        "content-kNN": by_text,
    }
    return "\n".join(f"{name} {number(value, 3)}" for name, value in parts.items() if value is not None)
