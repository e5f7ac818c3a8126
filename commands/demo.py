"""demo: the five stages on MovieLens 100K, scored on what came later, then recommendations with their reasons."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import click

from commands.console import Terminal, plain_table, stored_id, with_terminal
from commands.stage_output import show_counts, show_recommendations
from graphstore import Client
from graphstore.database.runs import dated
from graphstore.datasets.dataset import Dataset
from graphstore.datasets.movielens import demo_dataset
from graphstore.errors import InputError
from graphstore.extract.items import count_other_items
from graphstore.progress import Progress

LATER_SHARE = 0.1
FIRST_K, DEMO_K = 3, 5
Events = list[dict[str, Any]]


@dataclass
class Story:
    """What the demo did: seconds and counts by step, the first recommendations, the scores, and the last ones."""

    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=dict)
    first_recommendations: dict[str, Any] | None = None
    evaluation: dict[str, Any] | None = None
    recommendations: dict[str, Any] | None = None

    @contextmanager
    def step(self, name: str, terminal: Terminal, text: str) -> Iterator[Progress]:
        """Time one step, and say what it is and how long it took; yields its progress."""
        terminal.message(text)
        start = time.perf_counter()
        with terminal.progress() as progress:
            yield progress
        self.seconds[name] = round(time.perf_counter() - start, 2)
        terminal.message(f"  {self.seconds[name]:.1f} s")


def chronological_cut(events: Events, later_share: float) -> tuple[Events, Events]:
    """The earlier events and the latest `later_share` of them; ties in time are broken by the ids as text."""
    ordered = sorted(events, key=lambda e: (e["timestamp"], e["user_id"], e["item_id"]))
    cut = int((1 - later_share) * len(ordered))
    return ordered[:cut], ordered[cut:]


def stored_events(client: Client, dataset: Dataset) -> int:
    """The number of events in the graph, which must hold nothing but this data set.

    Raises:
        InputError: the graph holds items that are not the demo's.
    """
    others, events = count_other_items(client, [item["item_id"] for item in dataset.items()])
    if others:
        raise InputError(
            f"The graph holds {others:,} items that are not the demo's: they would be mixed."
            " Set INTERESTGRAPH_HOME to an empty folder (or NEO4J_URI to an empty database) for the demo."
        )
    return events


@click.command("demo")
@click.option("--data", default="ml-100k", show_default=True, type=click.Choice(["ml-100k"]), help="Which data set.")
@click.option("--user", "user_id", default=None, callback=stored_id, help="Whose recommendations to show.")
@with_terminal
def demo_command(terminal: Terminal, data: str, user_id: str | None) -> None:
    """The five stages on real data, then recommendations with reasons."""
    story = Story()
    with story.step("data", terminal, "MovieLens 100K …"):
        dataset = demo_dataset(terminal.settings.cache, terminal.message)
        earlier, later = chronological_cut(list(dataset.events()), LATER_SHARE)
    with story.step("server", terminal, "Neo4j …"):
        connection = terminal.client()
        client = connection.__enter__()
    try:
        tell(terminal, client, story, dataset, earlier, later, user_id)
    finally:
        connection.__exit__(None, None, None)
    terminal.answer(asdict(story), lambda _: show_story(terminal, story))


def tell(
    terminal: Terminal,
    client: Client,
    story: Story,
    dataset: Dataset,
    earlier: Events,
    later: Events,
    user_id: str | None,
) -> None:
    """Every step; one that was done before finds nothing new to do, so a stopped demo can simply be run again."""
    from graphstore.recommend.stage import recommend

    if stored_events(client, dataset) <= len(earlier):
        stages(terminal, client, story, replace(dataset, events=lambda: iter(earlier)), "", full=True)
        with story.step("recommend first", terminal, "recommend …"):
            story.first_recommendations = recommend(client, user_id or earlier[-1]["user_id"], k=FIRST_K)
        if not terminal.as_json:
            show_answer(terminal, story.first_recommendations, "from the first nine tenths of the events")
        with story.step("evaluate", terminal, "evaluate: what is served, against what came later …") as progress:
            story.evaluation = score(client, earlier, later, progress)
    nothing = replace(dataset, items=lambda: iter(()), users=lambda: iter(()), events=lambda: iter(later))
    terminal.message(f"The last {len(later):,} events arrive:")
    stages(terminal, client, story, nothing, " again", full=False)
    with story.step("recommend", terminal, "recommend …"):
        story.recommendations = recommend(client, user_id or later[-1]["user_id"], k=DEMO_K)


def stages(terminal: Terminal, client: Client, story: Story, dataset: Dataset, suffix: str, *, full: bool) -> None:
    """collect, extract, build and update."""
    from gnn.extract.stage import extract
    from gnn.update.stage import update
    from graphstore.build.stage import build
    from graphstore.collect.stage import collect_dataset

    settings = terminal.settings
    with story.step("collect" + suffix, terminal, "collect …") as progress:
        summary = collect_dataset(client, dataset, progress=progress)
        story.counts["collect" + suffix] = {what: row["created"] for what, row in summary.items()}
    with story.step("extract" + suffix, terminal, "extract …") as progress:
        story.counts["extract" + suffix] = extract(client, settings, progress=progress)
    with story.step("build" + suffix, terminal, "build …") as progress:
        story.counts["build" + suffix] = dated(build(client, progress=progress))
    with story.step("update" + suffix, terminal, "update …") as progress:
        story.counts["update" + suffix] = update(client, settings, full=full, progress=progress)


def score(client: Client, earlier: Events, later: Events, progress: Progress) -> dict[str, Any]:
    """NDCG and recall of the served lists and of the baselines on the later events."""
    from gnn.evaluate import score_served

    return score_served(client, earlier, later, progress=progress)


def show_story(terminal: Terminal, story: Story) -> None:
    """The steps with their seconds, the scores, the recommendations, and where to go from here."""
    from commands.administration import show_evaluation

    out = terminal.out
    out.print()
    for step, counts in story.counts.items():
        show_counts(terminal, step, counts)
    table = plain_table("step", "seconds")
    for step, seconds in story.seconds.items():
        table.add_row(step, f"{seconds:.1f}")
    table.add_row("all", f"{sum(story.seconds.values()):.1f}")
    out.print()
    out.print(table)
    if story.evaluation:
        out.print("\nScored on the last tenth of the events, before they were collected:", style="bold")
        show_evaluation(terminal, story.evaluation)
    assert story.recommendations is not None
    show_answer(terminal, story.recommendations, "from all events")
    out.print(
        "\nNext:  interestgraph recommend 1 --explain    another user\n"
        "       interestgraph server browser          the same graph in Neo4j Browser\n"
        "       interestgraph keys create me --scopes read,write,admin\n"
        "       interestgraph serve                   pages and HTTP, with that key\n"
        "       interestgraph server stop             Neo4j goes on running until then",
        markup=False,
    )


def show_answer(terminal: Terminal, answer: dict[str, Any], source: str) -> None:
    """One user's recommendations with their reasons, and which events they rest on."""
    terminal.out.print(f"\nRecommendations for user {answer['user_id']}, {source}:", style="bold")
    show_recommendations(terminal, answer, explain=True)
    terminal.out.print()
