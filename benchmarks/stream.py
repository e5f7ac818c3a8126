"""Prequential evaluation of what is served: every event is foreseen before it is revealed, in the order of time.

    python benchmarks/stream.py DATASET [--events N] [--share S] [--homes FOLDER] [--windows W] [--json]

DATASET: ml-100k, ml-latest-small, living-10k, living-100k or living-1m (see `timelines.py`). The first share of the
events, one half, is history that all stages read. Then, for each of the next --events, the application is asked over
HTTP for its user's ten best, and hit@10 and NDCG@10 of that very item are noted; only then the event is revealed.
Events whose user had to do with their item before are revealed and not scored.

live            events are posted as they come; where there is a follower, the next waits until this one's user is not
                pending any more, at most --patience, so that quality is measured and not lag (`live.py` measures that)
frozen          the same questions to the same graph, nothing is posted; what the user chose since is left out of the
                list afterwards, as whoever keeps a frozen list would do
frozen as is    the same without leaving out anything
popular         the most chosen items of the last --days that the user has not had, told of every event

All arms are asked the same in the same order. The interval of a difference is of a bootstrap that resamples users. A
user or item that the graph does not know yet cannot be foreseen and counts 0 (descriptions of all are known
beforehand). In ml-100k three quarters of the scored events are of users who joined after the history, whom the frozen
arm cannot know: live against frozen is not the gain for known users. Not measured: what a person would have chosen if
shown another list.

Reference: Gama, Sebastião and Rodrigues 2013; Vinagre, Jorge and Gama 2014 (see `prequential.py`).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.load.asking import Asker, recommendations_path
from benchmarks.load.backlog import has_mark
from benchmarks.load.load_generators import ACCEPTED, EVENTS
from benchmarks.load.prepare import prepare
from benchmarks.load.prepared_graphs import environment_of, graph_of
from benchmarks.load.processes import NO_FOLLOWER, api_key, following, has_follower, served
from benchmarks.measures import prequential, tables
from benchmarks.measures.prequential import K, PrequentialTrial, PrequentialTrials, score
from benchmarks.measures.shared_scripts import shared_folder
from benchmarks.measures.timelines import DatasetTimeline, timeline
from graphstore.database.client import Client
from graphstore.errors import InputError

DATASETS = ("ml-100k", "ml-latest-small", "living-10k", "living-100k", "living-1m")
POLL_SECONDS = 0.005
SAY_EVERY = 500
MOST_ASKED = 1_000
LIVE, FROZEN, AS_IS, POPULAR = "live", "frozen", "frozen as is", "popular"
Event = dict[str, Any]


def play(
    home: Path, dataset: DatasetTimeline, options: argparse.Namespace, follows: bool
) -> tuple[PrequentialTrials, list[float]]:
    """Play a stream in a home that holds its history: what each arm scored, and how long each event was waited for."""
    stream = list(islice(dataset.later(), options.events))
    found = PrequentialTrials(prequential.trials_of(dataset.history.events(), stream))
    environment = environment_of(home)
    with ExitStack() as stack:
        client = stack.enter_context(graph_of(home))
        key = stack.enter_context(api_key(environment, "read,write"))
        asker = Asker(stack.enter_context(served(environment)).port, key)
        found.scores[FROZEN], found.scores[AS_IS] = ask_frozen(asker, found.trials)
        stack.enter_context(following(environment, options.workers) if follows else nullcontext())
        if follows:
            wait_for_nothing(client, stream[0]["user_id"], 60 * options.patience)
        waits: list[float] = []
        found.scores[LIVE] = ask_live(asker, client, stream, found.trials, waits, options.patience if follows else 0.0)
    found.scores[POPULAR] = prequential.popular_scores(dataset.history.events(), stream, found.trials, options.days)
    found.scores = {arm: found.scores[arm] for arm in (LIVE, FROZEN, AS_IS, POPULAR)}
    return found, waits


def ask_frozen(asker: Asker, trials: Sequence[PrequentialTrial]) -> tuple[Any, Any]:
    """(N, 2) twice: what the graph of the history scores, without what the user chose since and as it is."""
    without, as_is = [], []
    for number, trial in enumerate(trials):
        say(FROZEN, number, len(trials))
        items = listed(asker, trial.user_id, min(K + len(trial.before), MOST_ASKED))
        without.append(score([item for item in items if item not in trial.before], trial.item_id))
        as_is.append(score(items, trial.item_id))
    return np.array(without).reshape(-1, 2), np.array(as_is).reshape(-1, 2)


def ask_live(
    asker: Asker,
    client: Client,
    stream: Sequence[Event],
    trials: Sequence[PrequentialTrial],
    waits: list[float],
    patience: float,
) -> Any:
    """(N, 2) what is served scores while every event is posted; seconds waited after each go to `waits`."""
    asked = {trial.place for trial in trials}
    found = []
    for place, event in enumerate(stream):
        say(LIVE, place, len(stream))
        if place in asked:
            found.append(score(listed(asker, event["user_id"], K), event["item_id"]))
        answer = asker.post(EVENTS, event)
        if answer.status != ACCEPTED:
            raise SystemExit(f"HTTP {answer.status} for an event: {str(answer.body)[:300]}")
        if patience:
            waits.append(wait_for_nothing(client, event["user_id"], patience))
    return np.array(found).reshape(-1, 2)


def listed(asker: Asker, user_id: str, k: int) -> list[str]:
    """The ids of a user's best items; none for a user whom the graph doesn't know.

    Raises:
        SystemExit: the application answers something else.
    """
    answer = asker.get(recommendations_path(user_id, f"k={k}"))
    if answer.status == 404:
        return []
    if answer.status != 200:
        raise SystemExit(f"HTTP {answer.status} for user {user_id}: {str(answer.body)[:300]}")
    return [row["item_id"] for row in answer.body["recommendations"]]


def wait_for_nothing(client: Client, user_id: str, patience: float) -> float:
    """Seconds until a user has no mark any more, or `patience`."""
    began = time.perf_counter()
    while (waited := time.perf_counter() - began) < patience:
        if not has_mark(client, user_id):
            break
        time.sleep(POLL_SECONDS)
    return waited


def say(arm: str, done: int, total: int) -> None:
    """How far it is, on standard error."""
    if done % SAY_EVERY == 0:
        print(f"{time.strftime('%H:%M:%S')} {arm}: {done:,} of {total:,}", file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = tables.parser(__doc__)
    parser.add_argument("dataset", choices=DATASETS, metavar="DATASET", help=", ".join(DATASETS))
    parser.add_argument("--events", type=int, default=3000, help="of the stream (default 3000)")
    parser.add_argument("--share", type=float, default=0.5, help="of all events that is history (default 0.5)")
    parser.add_argument("--homes", type=Path, help="keep the prepared home here, for the next run; it stays as it is")
    parser.add_argument("--epochs", type=int, help="a limit of the training (default: the product's)")
    parser.add_argument("--windows", type=int, default=5, help="equal parts to report on (default 5)")
    parser.add_argument("--days", type=float, default=14.0, help="of popularity (default 14)")
    parser.add_argument("--workers", type=int, default=1, help="of update --follow (default 1)")
    parser.add_argument("--patience", type=float, default=2.0, help="seconds to wait for the follower (default 2)")
    parser.add_argument("--data", type=Path, help="the folder with the data sets by name (default: the shared one's)")
    parser.add_argument("--seed", type=int, default=0, help="of what is generated and of the training")
    return parser.parse_args()


def main() -> None:
    """Prepare, play, and print a row for each window."""
    options = arguments()
    shared = shared_folder()
    follows = has_follower()
    if not follows:
        print(NO_FOLLOWER, file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="interestgraph-stream-") as scratch:
        try:
            dataset = timeline(
                options.dataset,
                options.data or (shared / "data" if shared else None),
                share=options.share,
                seed=options.seed,
            )
            home = (options.homes or Path(scratch)) / dataset.name
            prepare(home, dataset, epochs=options.epochs, seed=options.seed)
            played = Path(scratch) / "played"
            shutil.copytree(home, played)
            found, waits = play(played, dataset, options, follows)
        except InputError as error:
            raise SystemExit(str(error)) from error
    rows = prequential.rows(found, LIVE, FROZEN, options.windows)
    if options.json:
        tables.show(title(options, waits), rows, True)
        return
    print(title(options, waits))
    for metric in prequential.METRICS:
        tables.show(metric, prequential.scores_shown(rows, list(found.scores), metric), False)


def title(options: argparse.Namespace, waits: Sequence[float]) -> str:
    """What was played, and how often the follower took too long."""
    text = f"{options.dataset}: {options.events:,} events after {options.share:.0%} of history"
    if not waits:
        return f"{text}; no follower"
    late = sum(waited >= options.patience for waited in waits) / len(waits)
    return f"{text}; {late:.1%} of the events waited longer than {options.patience:g} s for the follower"


if __name__ == "__main__":
    main()
