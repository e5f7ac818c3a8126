"""The derived part of a build as columns: similar items and users, transitions, popularity.

`build` writes it to the graph. Training derives the same from an earlier part of the behaviour, to learn on the later
part how much each signal counts. Both call `derive`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphstore.build import similarity
from graphstore.build import transitions as graph_transitions
from graphstore.build.regression import regressed_columns, unit_of_penalty
from graphstore.build.similarity import Neighbours
from graphstore.interactions import Interactions
from graphstore.popularity import WINDOWS
from graphstore.progress import Progress, silent

NO_DECAY = float("inf")  # a half-life


@dataclass(frozen=True)
class BuildOptions:
    """Options of a build: half-lives in days, list lengths, shrinkage and penalties.

    Similar items and transitions have two scores: `score` without decay, and `recent_score` with `recent_half_life`;
    the weight of each in a ranking is learned. The defaults were chosen on validation parts of several data sets.
    """

    popularity_half_life: float = 14.0
    recent_half_life: float = 10.0
    neighbourhood: int = 100
    regularisation: float = 20.0
    similar_items: int = 50
    similar_users: int = 20
    users_half_life: float = 120.0
    users_shrinkage: float = 0.1
    activity_power: float = 0.5
    transition_window: int = 20
    transition_days: float = 30.0
    transition_shrinkage: float = 5.0
    followed_by: int = 50
    favours: int = 50
    favours_shrinkage: float = 100.0
    broader_threshold: float = 0.8
    broader_least_items: int = 3
    broader: int = 5
    negative_weight: float = 0.5


DEFAULT_OPTIONS = BuildOptions()


@dataclass(frozen=True)
class TwoScoreNeighbours:
    """Edges from source to target row numbers, with a score over all time and a recent one; 0 where there is none.

    All columns have the shape (edges,).
    """

    source: np.ndarray
    target: np.ndarray
    score: np.ndarray
    recent_score: np.ndarray

    @classmethod
    def of(cls, overall: Neighbours, recent: Neighbours | None) -> TwoScoreNeighbours:
        """Every edge that one of the two has."""
        if recent is None or not len(recent.source):
            return cls(overall.source, overall.target, overall.score, np.zeros(len(overall.score)))
        source = np.concatenate([overall.source, recent.source])
        target = np.concatenate([overall.target, recent.target])
        pairs, place = np.unique(np.stack([source, target]), axis=1, return_inverse=True)
        scores = np.zeros((2, pairs.shape[1]))
        place = place.ravel()
        scores[0, place[: len(overall.source)]] = overall.score
        scores[1, place[len(overall.source) :]] = recent.score
        return cls(pairs[0], pairs[1], scores[0], scores[1])


@dataclass(frozen=True)
class Derived:
    """All that a build derives from behaviour alone.

    popularity: (I,) ln of the decayed count.  ever_popular: (I,) ln of the plain count.  windows: (I, W) ln of counts
    by `graphstore.popularity.WINDOWS`. All -inf without events.
    """

    similar_items: TwoScoreNeighbours
    transitions: TwoScoreNeighbours
    similar_users: Neighbours
    popularity: np.ndarray
    ever_popular: np.ndarray
    windows: np.ndarray


def derive(
    events: Interactions,
    options: BuildOptions,
    reference: float | None = None,
    penalties: tuple[float, float] | None = None,
    progress: Progress = silent,
) -> Derived:
    """Derive everything that depends on behaviour alone.

    reference: the day that ages are measured from; that of the events' clock where None.
    penalties: of the ridge regressions, over all time and recent; those of these events where None.
    """
    events = events.on_clock()
    matrices = _two_matrices(events, options, reference)
    used = _penalties(matrices, options) if penalties is None else penalties
    similar = [
        _similar_items(matrix, options, penalty, _named(progress, f"computing similar items, {span}"))
        for matrix, penalty, span in zip(matrices, used, ("all time", "recent"), strict=False)
    ]
    progress("computing transitions", 0, None)
    followed = [_transitions(events, half, options, reference) for half in (NO_DECAY, options.recent_half_life)]
    progress("computing similar users", 0, None)
    return Derived(
        TwoScoreNeighbours.of(*_two(similar)),
        TwoScoreNeighbours.of(*_two(followed)),
        _similar_users(events, options, reference),
        similarity.log_popularity(events, options.popularity_half_life),
        similarity.log_popularity(events, NO_DECAY),
        np.stack([similarity.log_popularity(events, window) for window in WINDOWS], axis=1),
    )


def ridge_penalties(events: Interactions, options: BuildOptions, reference: float | None = None) -> tuple[float, float]:
    """The penalties of the regressions of similar items, over all time and recent; the latter is 0 without times."""
    return _penalties(_two_matrices(events.on_clock(), options, reference), options)


def favoured_items(events: Interactions, members: similarity.Matrix, options: BuildOptions) -> Neighbours:
    """The items that users with an attribute choose more often than others.  members: (A, U) 1 for who has which."""
    matrix = similarity.user_item_matrix(events.on_clock(), options.users_half_life)
    return similarity.favoured_items(members, matrix, shrinkage=options.favours_shrinkage, top=options.favours)


def _two_matrices(events: Interactions, options: BuildOptions, reference: float | None) -> list[similarity.Matrix]:
    """(U, I) over all time, and (U, I) recent if an event has a time."""
    half_lives = [NO_DECAY] if np.isnan(events.latest_day) else [NO_DECAY, options.recent_half_life]
    return [similarity.user_item_matrix(events, half_life, reference) for half_life in half_lives]


def _penalties(matrices: list[similarity.Matrix], options: BuildOptions) -> tuple[float, float]:
    found = [options.regularisation * unit_of_penalty(matrix) for matrix in matrices]
    return found[0], found[1] if len(found) > 1 else 0.0


def _two(found: list[Neighbours]) -> tuple[Neighbours, Neighbours | None]:
    return found[0], found[1] if len(found) > 1 else None


def _named(progress: Progress, name: str) -> Progress:
    return lambda _, done, total: progress(name, done, total)


def _similar_items(matrix: similarity.Matrix, options: BuildOptions, penalty: float, progress: Progress) -> Neighbours:
    return regressed_columns(
        matrix,
        top=options.similar_items,
        regularisation=options.regularisation,
        neighbourhood=options.neighbourhood,
        penalty=penalty,
        progress=progress,
    )


def _transitions(
    events: Interactions, half_life_days: float, options: BuildOptions, reference: float | None
) -> Neighbours:
    return graph_transitions.transitions(
        events,
        window=options.transition_window,
        max_days=options.transition_days,
        half_life_days=half_life_days,
        shrinkage=options.transition_shrinkage,
        top=options.followed_by,
        reference=reference,
    )


def _similar_users(events: Interactions, options: BuildOptions, reference: float | None) -> Neighbours:
    return similarity.similar_columns(
        similarity.user_item_matrix(events, options.users_half_life, reference).T.tocsr(),
        top=options.similar_users,
        shrinkage=options.users_shrinkage,
        activity_power=options.activity_power,
    )
