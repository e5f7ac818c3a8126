"""The settings that `tune` searches over, and the stored trials of its searches.

A tree-structured Parzen estimator proposes the next trial from the completed ones. Its random numbers depend on the
seed and the number of completed trials, so that a search that was stopped continues as if it had not been.

Reference: Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011; Akiba et al., "Optuna",
KDD 2019.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from gnn.training.holdout import HoldOut
from gnn.training.hyperparameters import Hyperparameters, with_defaults
from graphstore.build.derive import DEFAULT_OPTIONS
from graphstore.errors import InputError
from graphstore.interactions import Interactions

Values = dict[str, Any]  # of settings, by name
RANDOM_TRIALS = 8  # the first ones after the defaults
DIGITS = 5

SPACE: Mapping[str, BaseDistribution] = {
    "regularisation": FloatDistribution(1.0, 300.0, log=True),
    "recent_half_life": FloatDistribution(3.0, 200.0, log=True),
    "popularity_half_life": FloatDistribution(2.0, 120.0, log=True),
    "transition_window": IntDistribution(2, 50, log=True),
    "transition_shrinkage": FloatDistribution(0.5, 50.0, log=True),
    "learning_rate": FloatDistribution(1e-3, 2e-2, log=True),
    "epochs": IntDistribution(2, 16, log=True),
    "recency": CategoricalDistribution((None, 10.0, 25.0, 60.0, 150.0)),
    "spectral": CategoricalDistribution((True, False)),
    "temperature": FloatDistribution(0.04, 0.3, log=True),
}
NEED_TIMES = ("recent_half_life", "popularity_half_life", "transition_window", "transition_shrinkage", "recency")


def space_of(events: Interactions) -> dict[str, BaseDistribution]:
    """The settings that have an effect on this behaviour: without times, those in NEED_TIMES have none."""
    timed = not np.isnan(events.latest_day)
    return {name: values for name, values in SPACE.items() if timed or name not in NEED_TIMES}


def default_settings(space: Mapping[str, BaseDistribution], events: Interactions, held: HoldOut) -> Values:
    """The default values of the settings."""
    found: Values = {}
    for owner in (DEFAULT_OPTIONS, with_defaults(Hyperparameters(), events, held)):
        found |= {part.name: getattr(owner, part.name) for part in fields(owner) if part.name in space}
    return {name: found[name] for name in space}


def study_name(events: Interactions, space: Mapping[str, BaseDistribution], seed: int) -> str:
    """The name of a study, whose trials are comparable: counts and latest event of the behaviour, space and seed."""
    active = (len(np.unique(events.user)), len(np.unique(events.item)))
    key = hashlib.sha256(repr(sorted(space.items())).encode()).hexdigest()[:8]
    latest = "undated" if np.isnan(events.latest_day) else f"{events.latest_day:.6f}"
    return f"{len(events.user)} events, {active[0]} users, {active[1]} items, until {latest}, seed {seed}, {key}"


@dataclass(frozen=True)
class Trial:
    """A completed trial. number: 0 for the defaults, then in order of time.  ndcg: (U,) NDCG@10 by user."""

    number: int
    settings: Values
    ndcg: np.ndarray

    @property
    def mean(self) -> float:
        """Mean NDCG@10, which the search maximises."""
        return float(self.ndcg.mean())


class TrialMemory:
    """The trials of one study, in an sqlite file."""

    def __init__(self, study: optuna.Study, space: Mapping[str, BaseDistribution], seed: int) -> None:
        self._study, self._space, self._seed = study, space, seed

    def trials(self) -> list[Trial]:
        """The completed trials, the defaults first."""
        ended = [trial for trial in self._study.trials if trial.state == TrialState.COMPLETE]
        return [_trial(number, found) for number, found in enumerate(ended)]

    def add(self, defaults: Values, measure: Callable[[Values], np.ndarray]) -> None:
        """Run one more trial: of the defaults if none is complete, else of the values that the sampler proposes.

        measure: (U,) NDCG@10 by user under some values. A trial that fails or is stopped does not count.
        """
        ended = len(self.trials())
        self._study.sampler = optuna.samplers.TPESampler(
            n_startup_trials=RANDOM_TRIALS, seed=int(np.random.SeedSequence([self._seed, ended]).generate_state(1)[0])
        )
        if not ended:
            self._study.enqueue_trial(defaults)
        trial = self._study.ask(dict(self._space))
        try:
            ndcg = measure(trial.params)
        except BaseException:
            self._study.tell(trial, state=TrialState.FAIL)
            raise
        trial.set_user_attr("ndcg", [round(value, DIGITS) for value in ndcg.tolist()])
        self._study.tell(trial, float(ndcg.mean()))


def _trial(number: int, found: FrozenTrial) -> Trial:
    return Trial(number, dict(found.params), np.array(found.user_attrs["ndcg"]))


@contextmanager
def trial_memory(
    path: Path, name: str, space: Mapping[str, BaseDistribution], seed: int, *, reset: bool = False
) -> Iterator[TrialMemory]:
    """The trials of a study, which is created if missing. reset: delete its trials first.

    Raises:
        InputError: the file can't be read or written.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        storage = optuna.storages.RDBStorage(f"sqlite:///{path}", engine_kwargs={"connect_args": {"timeout": 60}})
        names = [study.study_name for study in optuna.get_all_study_summaries(storage)] if reset else []
        if name in names:
            optuna.delete_study(study_name=name, storage=storage)
        study = optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
        yield TrialMemory(study, space, seed)
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: trials can't be kept there: {reason} Delete the file to start over.") from error
    finally:
        if storage is not None:
            storage.remove_session()
            storage.engine.dispose()
