"""tune: search for settings of build and update that rank held-out events better.

Each trial derives, trains and learns the blend on the events before the held-out ones (`Training.train_held_out`), and
is scored on these: NDCG@10 of the blend, with weights learned on other users than those scored. Neighbourhoods are
pulled once. Trials are stored in `tuning.sqlite`; adopted settings are stored in the graph, with the run.

The score of the best of many trials is too high by selection. So the gain is measured on users who had no part in the
choice: each half of the users is scored with the trial that is best on the other half, minus the defaults.

Reference: Cawley and Talbot, "On Over-fitting in Model Selection", JMLR 11, 2010.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gnn.evaluation.confidence import half_widths
from gnn.training.blend_weights import cross_validated
from gnn.training.fitting import LEAST_EXAMPLES, Training, enough
from gnn.training.holdout import HoldOut, hold_out
from gnn.training.hyperparameters import Hyperparameters, with_defaults
from gnn.update.prepare import last_extract, prepared_training, share_machine
from gnn.update.trials import Trial, TrialMemory, default_settings, space_of, study_name, trial_memory
from graphstore.build.derive import DEFAULT_OPTIONS
from graphstore.build.pull import pull_interactions
from graphstore.build.tuned import BUILD_NAMES, STAGE
from graphstore.database.client import Client
from graphstore.database.leases import hold
from graphstore.database.runs import run
from graphstore.errors import InputError
from graphstore.interactions import Interactions
from graphstore.progress import Progress, silent
from graphstore.settings import Settings

TRIALS = 30
SHOWN = 5
MEMORY = "tuning.sqlite"
TOO_FEW = (
    "Nothing to tune on: {users} users have later events that can be held out, {least} are needed."
    " Collect more behaviour, or use the defaults."
)


def tune(
    client: Client,
    settings: Settings,
    *,
    trials: int = TRIALS,
    minutes: float | None = None,
    seed: int = 0,
    reset: bool = False,
    progress: Progress = silent,
    **hyper: Any,
) -> dict[str, Any]:
    """Search until `trials` are complete, stored ones included. Only the run is written to the graph.

    Args:
        minutes: no trial begins after so many; the defaults are always tried.
        reset: delete the stored trials on this behaviour first.
        hyper: fields of `Hyperparameters` that are the same in all trials.

    Returns:
        trials, remembered (how many of these were stored before), users, held_out, best (settings), ndcg_at_10 of the
        best and default_ndcg_at_10, gain and gain_interval (95 %) on users who had no part in the choice, adopted
        (whether build and update use `best`), and best_trials.
    Raises:
        NotReady: extract has not run.
        InputError: `trials` or `minutes` is not usable, or too few users have events that can be held out.
    """
    if trials < 1 or not (minutes is None or minutes > 0):
        raise InputError("tune: trials must be at least 1, and minutes more than 0.")
    last_extract(client)
    share_machine()
    with run(client, STAGE, progress) as current:
        events = pull_interactions(client, DEFAULT_OPTIONS.negative_weight, progress)
        held = hold_out(events)
        if not enough(held):
            raise too_few(int((held.counts > 0).sum()))
        space = space_of(events)
        name = study_name(events, space, seed)
        with trial_memory(settings.home / MEMORY, name, space, seed, reset=reset) as memory:
            remembered = len(memory.trials())
            if remembered < trials:
                with hold(client, "tune, reading", progress):
                    training = prepared_training(client, Hyperparameters(**hyper), DEFAULT_OPTIONS, seed, progress)
                training.hyper = with_defaults(training.hyper, events, held)
                search = Search(training, events, held, default_settings(space, events, held))
                search.run(memory, trials, None if minutes is None else time.monotonic() + 60 * minutes, progress)
            found = memory.trials()
        current.counts |= {"remembered": remembered, "held_out": "by time" if held.by_time else "by user"}
        current.counts |= summarise(found, seed)
        return current.counts | {"best_trials": best_trials(found)}


def too_few(users: int) -> InputError:
    """The error where too few users can be scored."""
    return InputError(TOO_FEW.format(users=users, least=LEAST_EXAMPLES))


@dataclass(frozen=True)
class Search:
    """A search over neighbourhoods that were pulled before."""

    training: Training
    events: Interactions
    held: HoldOut
    defaults: dict[str, Any]

    def run(self, memory: TrialMemory, trials: int, deadline: float | None, progress: Progress) -> None:
        """Add trials until there are `trials`, or the deadline (by time.monotonic) is over."""
        done = len(memory.trials())
        progress("trials", done, trials)
        while done < trials and (done == 0 or deadline is None or time.monotonic() < deadline):
            memory.add(self.defaults, self.measure)
            done += 1
            progress("trials", done, trials)

    def measure(self, values: Mapping[str, Any]) -> np.ndarray:
        """(U,) NDCG@10 of the users with held-out events under these settings; the same users each time."""
        training = self.training
        training.options = replace(training.options, **{n: v for n, v in values.items() if n in BUILD_NAMES})
        training.hyper = replace(training.hyper, **{n: v for n, v in values.items() if n not in BUILD_NAMES})
        found = training.train_held_out(self.events, self.held).examples
        if not found:
            raise too_few(0)
        return cross_validated(found, training.hyper.without, training.seed)[:, 0]


def summarise(trials: Sequence[Trial], seed: int) -> dict[str, Any]:
    """The best trial against the defaults, which are the first one, and whether to adopt it."""
    best = max(trials, key=lambda trial: (trial.mean, -trial.number))
    gains = unbiased_gains(trials, seed)
    gain, width = float(gains.mean()), float(half_widths(gains[:, None])[0])
    return {
        "trials": len(trials),
        "users": len(best.ndcg),
        "best": best.settings,
        "ndcg_at_10": best.mean,
        "default_ndcg_at_10": trials[0].mean,
        "gain": gain,
        "gain_interval": [gain - width, gain + width],
        "adopted": best.number > 0 and gain - width > 0,
    }


def best_trials(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """The SHOWN best trials as rows of trial, ndcg_at_10 and settings."""
    ranked = sorted(trials, key=lambda trial: (-trial.mean, trial.number))[:SHOWN]
    return [{"trial": t.number, "ndcg_at_10": t.mean, "settings": t.settings} for t in ranked]


def unbiased_gains(trials: Sequence[Trial], seed: int) -> np.ndarray:
    """(U,) NDCG@10 minus that of the defaults, each user under the trial that is best for the other half of users."""
    ndcg = np.stack([trial.ndcg for trial in trials])
    half = np.random.default_rng([seed, 1]).permutation(ndcg.shape[1]) % 2
    gains = np.zeros(ndcg.shape[1])
    for side in (0, 1):
        chosen = int(ndcg[:, half != side].mean(axis=1).argmax())
        gains[half == side] = (ndcg[chosen] - ndcg[0])[half == side]
    return gains
