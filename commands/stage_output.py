"""Output of the stages on the command line: counts, tables, recommendations."""

from __future__ import annotations

from typing import Any

from commands.console import Terminal, plain_table
from graphstore.database.runs import count_texts


def show_collected(terminal: Terminal, summary: dict[str, Any]) -> None:
    """A row for each file that had rows; what is said of each once; what was rejected, why, and where it is."""
    table = plain_table("", "created", "updated", "duplicate", "rejected")
    for what, counts in summary.items():
        numbers = [counts[key] for key in ("created", "updated", "duplicate", "rejected")]
        if any(numbers):
            table.add_row(what, *(f"{number:,}" for number in numbers))
    if table.row_count:
        terminal.out.print(table)
    else:
        terminal.out.print("There was no row.")
    for what, counts in summary.items():
        for note in counts["notes"]:
            terminal.hanging(f"{what}: ", note)
        for reject in counts["reasons"]:
            more = f" and {reject['rows'] - 1:,} more" if reject["rows"] > 1 else ""
            terminal.hanging(f"{what} line {reject['line']}{more}: ", reject["reason"])
        listed = sum(reject["rows"] for reject in counts["reasons"])
        if counts["rejected"] > listed:
            terminal.out.print(f"and {counts['rejected'] - listed:,} more")
        if counts["rejected_file"]:
            terminal.hanging(
                "", f"Rejected {what} are in {counts['rejected_file']}: mend them there and collect that file."
            )


def show_counts(terminal: Terminal, stage: str, counts: dict[str, Any]) -> None:
    """The name of a stage, and those of its counts that say something: not zeros, nor what is not so."""
    parts = count_texts(counts)
    if not any(type(value) is int and value for value in counts.values()):
        parts.append("nothing new")
    terminal.hanging(f"{stage}: ", ", ".join(parts))


def show_extracted(terminal: Terminal, counts: dict[str, Any]) -> None:
    """The counts, and some of the images and sounds that can't be read, with the reason."""
    show_counts(terminal, "extract", counts)
    if "adapted" in counts:
        show_learned(terminal, counts["adapted"])
        if "refused" not in counts["adapted"]:
            terminal.hanging("", "Now run `interestgraph update --full`: the model learned from other contents.")
    for problem in counts.get("media_problems", []):
        terminal.hanging("not read: ", problem)


def show_learned(terminal: Terminal, report: dict[str, Any]) -> None:
    """Whether an encoder that learned was kept, and by what."""
    verdict = f"refused: {report['refused']}" if "refused" in report else "kept"
    terminal.hanging("encoder that learned: ", verdict)
    if "difference" in report:
        terminal.hanging(
            "  ",
            f"Recall@20 of {report['items']} held-out items, {report['users']:,} users: "
            f"{report['recall_at_20_before']:.4f} before, {report['recall_at_20']:.4f} after "
            f"({report['difference']:+.4f} ± {report['half_width']:.4f})",
        )


def show_updated(terminal: Terminal, counts: dict[str, Any]) -> None:
    """The counts, how the blend ranked held-out events beside single signals, and what became of an encoder that
    learned with the network."""
    show_counts(terminal, "update", counts)
    if counts.get("full"):
        show_floor(terminal, counts.get("metrics", {}))
    if "end_to_end" in counts:
        show_learned(terminal, counts["end_to_end"])


def show_floor(terminal: Terminal, metrics: dict[str, Any]) -> None:
    """What the weights of the blend were learned on, and how they rank held-out events beside single signals."""
    if "blend" not in metrics:
        terminal.hanging("blend: ", "too few users with events that could be held out: its weights are the defaults.")
        return
    by_time = metrics["held_out"] == "by time"
    which = (
        "the last tenth of all events in time" if by_time else "the last tenth of the events of users with 5 or more"
    )
    terminal.hanging("blend: ", f"weights learned on held-out events: {which}.")
    if not metrics["floor"]:
        return
    terminal.hanging("", "NDCG@10 and Recall@20 of held-out choices, by the number of events known before:")
    table = plain_table("events", "users", "blend", "best signal alone", "", "±", "")
    for row in metrics["floor"]:
        blend, alone = (f"{row[f'{w}ndcg_at_10']:.3f} {row[f'{w}recall_at_20']:.3f}" for w in ("", "signal_"))
        mark = "*" if row["corrected"] else ""
        width = f"{row['half_width']:.3f}"
        table.add_row(row["events"], f"{row['users']:,}", blend, row["signal"], alone, width, mark)
    terminal.out.print(table)
    notes = ["± is of the difference in NDCG@10; lengths that fewer than 20 users have are left out."]
    if any(row["corrected"] for row in metrics["floor"]):
        notes.append("* beyond chance: lists of users with so many events now follow this signal.")
    terminal.hanging("", " ".join(notes))


def show_recommendations(terminal: Terminal, answer: dict[str, Any], explain: bool, nothing: str = "") -> None:
    """A numbered list, each with its reason; with `explain` also the channels' shares and the path.

    nothing: why the list is empty.
    """
    if not answer["recommendations"]:
        terminal.out.print(f"Nothing to recommend: {nothing}" if nothing else "Nothing to recommend.")
    for rank, item in enumerate(answer["recommendations"], 1):
        title = item["title"] or item["item_id"]
        terminal.hanging(f"{rank:3}. ", f"{title}  [{item['item_id']}]  {item['score']:.3f}", style="bold")
        terminal.hanging("     ", item["because"])
        if explain:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in item["channels"].items() if share >= 0.005)
            for line in (shares, path_text(item["path"])):
                if line:
                    terminal.hanging("     ", line, style="dim")


def path_text(path: list[dict[str, Any]]) -> str:
    """A path as text: (User 1) -RATED 5- (Item 50 Star Wars) …; empty for none."""
    parts = []
    for element in path:
        if "type" in element:
            value = (element.get("properties") or {}).get("value")
            parts.append(f"-{element['type']}{'' if value is None else f' {value:g}'}-")
        else:
            names = " ".join(str(element[key]) for key in ("label", "key", "title") if element.get(key))
            parts.append(f"({names})")
    return " ".join(parts)
