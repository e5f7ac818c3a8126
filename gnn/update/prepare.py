"""Preparation of a training: hyperparameters, limits of the machine, and the neighbourhoods to train on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import torch

from gnn.encoders.device import best_device
from gnn.network.data import GraphVocabulary
from gnn.network.sampler import FanOut, NeighbourhoodSampler
from gnn.training.fitting import Training
from gnn.training.hyperparameters import Hyperparameters
from gnn.update.malloc import keep_memory
from graphstore.build.derive import BuildOptions
from graphstore.database.client import Client
from graphstore.database.runs import last_run
from graphstore.errors import InputError, NotReady
from graphstore.popularity import WINDOWS
from graphstore.progress import Progress
from graphstore.update import sampling as graph

TRAINING_USERS = 50_000
MOST_THREADS = 8


def hyperparameters(tuned: Mapping[str, Any], given: Mapping[str, Any]) -> Hyperparameters:
    """The hyperparameters given, then those tuned, then the defaults. Tuned ones unknown to this version are ignored.

    Raises:
        InputError: an unknown hyperparameter was given.
    """
    known = {parameter.name for parameter in fields(Hyperparameters)}
    try:
        return Hyperparameters(**({name: tuned[name] for name in tuned if name in known} | dict(given)))
    except TypeError as error:
        raise InputError(f"update: {error}".replace("Hyperparameters.__init__() ", "")) from error


def last_extract(client: Client) -> dict[str, Any]:
    """The last run of extract.

    Raises:
        NotReady: extract has not run.
    """
    extracted = last_run(client, "extract")
    if extracted is None:
        raise NotReady("Nothing was extracted yet: run `interestgraph extract` first.")
    return extracted


def check_built(client: Client) -> None:
    """Check that what the weights of the blend are learned for is in the graph.

    Raises:
        NotReady: the last build was by a version of the program that counted popularity in other windows.
    """
    built = last_run(client, "build")
    if built is not None and built["counts"].get("popularity_windows") != list(WINDOWS):
        raise NotReady("The last build was by another version of the program: run `interestgraph build` first.")


def share_machine() -> None:
    """Limit torch to half the cores, at most MOST_THREADS, and keep freed memory (`gnn.update.malloc`).

    Neo4j needs the other cores: torch's threads that wait for a busy core make it ten times slower.
    """
    keep_memory()
    torch.set_num_threads(max(1, min((os.cpu_count() or 1) // 2, MOST_THREADS)))


def prepared_training(
    client: Client,
    hyper: Hyperparameters,
    options: BuildOptions,
    seed: int,
    progress: Progress,
) -> Training:
    """A training with the neighbourhoods of all items and of at most TRAINING_USERS users, pulled now.

    Raises:
        NotReady: there are no items.
    """
    users, items = graph.user_ids(client), graph.item_ids(client)
    if not items:
        raise NotReady("There are no items: run `interestgraph collect` first.")
    chosen = _training_users(users, seed)
    hyper = hyper.sized(len(chosen))
    sampler = NeighbourhoodSampler(
        client, GraphVocabulary.of_kinds(client.kinds), FanOut(events=hyper.history), media=True
    )
    sampler.add_items(items)
    batches = list(sampler.batches(chosen, hyper.batch_users, progress))
    sampler.vocabulary.growing = False
    return Training(client, sampler, batches, hyper, seed, best_device(), progress, options)


def _training_users(users: Sequence[str], seed: int) -> list[str]:
    if len(users) <= TRAINING_USERS:
        return list(users)
    chosen = np.random.default_rng(seed).choice(len(users), TRAINING_USERS, replace=False)
    return [users[index] for index in sorted(chosen.tolist())]
