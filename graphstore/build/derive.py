"""What build derives from behaviour, as columns: similar items and users, transitions, popularity.

`build` writes this to the graph; `update` derives the same from an earlier part of the behaviour, to learn on the rest
how much each channel should count. Both go through `derive`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graphstore.build import similarity
from graphstore.build import transitions as graph_transitions
from graphstore.build.regression import regressed_columns, unit_of_penalty
from graphstore.build.similarity import Neighbours
from graphstore.interactions import Interactions

EVER = float("inf")


@dataclass(frozen=True)
class BuildOptions:
    """Half-lives in days and how much is kept.

    What goes with what, and what follows what, is judged twice: over all time (`score`), and with `recent_half_life`
    (`recent_score`); how much each counts is learned. Values were chosen on validation parts of several data sets.
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
class Judged:
    """Edges from sources to targets (row numbers) with a score over all time and one of late; 0 where there is none."""

    source: np.ndarray
    target: np.ndarray
    score: np.ndarray
    recent_score: np.ndarray

    @classmethod
    def of(cls, ever: Neighbours, lately: Neighbours | None) -> Judged:
        """Every edge that one of the two has."""
        if lately is None or not len(lately.source):
            return cls(ever.source, ever.target, ever.score, np.zeros(len(ever.score)))
        source = np.concatenate([ever.source, lately.source])
        target = np.concatenate([ever.target, lately.target])
        pairs, place = np.unique(np.stack([source, target]), axis=1, return_inverse=True)
        scores = np.zeros((2, pairs.shape[1]))
        place = place.ravel()
        scores[0, place[: len(ever.source)]] = ever.score
        scores[1, place[len(ever.source) :]] = lately.score
        return cls(pairs[0], pairs[1], scores[0], scores[1])


@dataclass(frozen=True)
class Derived:
    """popularity: (I,) ln of the decayed count.  ever_popular: (I,) ln of the count; both -inf without events."""

    similar_items: Judged
    transitions: Judged
    similar_users: Neighbours
    popularity: np.ndarray
    ever_popular: np.ndarray


def derive(
    events: Interactions,
    options: BuildOptions,
    reference: float | None = None,
    penalties: tuple[float, float] | None = None,
) -> Derived:
    """Everything that follows from behaviour alone.

    reference: the day that ages are measured from; that of the latest event where None.  penalties: what `penalties`
    gave for other events; those of these events where None.
    """
    matrices = _two_matrices(events, options, reference)
    fixed = _penalties(matrices, options) if penalties is None else penalties
    found = [_similar_items(matrix, options, penalty) for matrix, penalty in zip(matrices, fixed, strict=False)]
    followed = [_transitions(events, half, options, reference) for half in (EVER, options.recent_half_life)]
    return Derived(
        Judged.of(*_two(found)),
        Judged.of(*_two(followed)),
        _similar_users(events, options, reference),
        similarity.log_popularity(events, options.popularity_half_life),
        similarity.log_popularity(events, EVER),
    )


def penalties(events: Interactions, options: BuildOptions, reference: float | None = None) -> tuple[float, float]:
    """The penalties of the regressions of similar items, over all time and of late: 0 where nothing has a time."""
    return _penalties(_two_matrices(events, options, reference), options)


def favoured_items(events: Interactions, members: similarity.Matrix, options: BuildOptions) -> Neighbours:
    """What users with an attribute choose more than others do. members: (A, U) who has which."""
    matrix = similarity.user_item_matrix(events, options.users_half_life)
    return similarity.favoured_items(members, matrix, shrinkage=options.favours_shrinkage, top=options.favours)


def _two_matrices(events: Interactions, options: BuildOptions, reference: float | None) -> list[similarity.Matrix]:
    """(U, I) over all time, and of late where an event has a time."""
    half_lives = [EVER] if np.isnan(events.latest_day) else [EVER, options.recent_half_life]
    return [similarity.user_item_matrix(events, half_life, reference) for half_life in half_lives]


def _penalties(matrices: list[similarity.Matrix], options: BuildOptions) -> tuple[float, float]:
    found = [options.regularisation * unit_of_penalty(matrix) for matrix in matrices]
    return found[0], found[1] if len(found) > 1 else 0.0


def _two(found: list[Neighbours]) -> tuple[Neighbours, Neighbours | None]:
    return found[0], found[1] if len(found) > 1 else None


def _similar_items(matrix: similarity.Matrix, options: BuildOptions, penalty: float) -> Neighbours:
    return regressed_columns(
        matrix,
        top=options.similar_items,
        regularisation=options.regularisation,
        neighbourhood=options.neighbourhood,
        penalty=penalty,
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
