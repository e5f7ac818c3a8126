"""LightGCN over users and items, as torch-geometric has it, trained in bounded time.

    e^(l+1)_i = sum over neighbours j of e^(l)_j / sqrt(d_i d_j),   e_i = mean over l = 0..L of e^(l)_i
    score of user u and item i: e_u . e_i;   loss: BPR with one sampled item each, and weight decay on e^(0)

Reference: He et al., "LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation", SIGIR 2020;
Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch

from gnn.evaluation.baseline_tuning import Note, Slice, ignore, tuning_slice
from gnn.evaluation.top_items import Lists, binary, ranked, threads
from graphstore.interactions import Interactions

with warnings.catch_warnings():  # it warns about its own use of torch.jit
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    from torch_geometric.nn.models import LightGCN

DIMENSION = 64
LAYERS = 3
BATCH = 8_192
LEARNING_RATE = 0.02
WEIGHT_DECAY = 1e-4
STARTING_DEVIATION = 0.1
MOST_STEPS = 3_000
LOOK_STEPS = 50
SEARCH_SHARE = 0.7
MORE_STEPS = 0.3
PATIENCE = 6
SECONDS = 45.0
SEED = 20


class _Symmetric(torch.autograd.Function):
    """A @ x for a symmetric A: the gradient is A @ gradient, so that A is not transposed in every step."""

    @staticmethod
    def forward(context: Any, graph: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        context.graph = graph
        return graph @ x

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> tuple[None, torch.Tensor]:
        return None, context.graph @ gradients[0].contiguous()


class _Propagation(torch.nn.Module):
    """The layer of LightGCN over an adjacency that is normalised and symmetric."""

    def forward(self, x: torch.Tensor, graph: torch.Tensor, edge_weight: None = None) -> torch.Tensor:
        return _Symmetric.apply(graph, x)


def lightgcn(events: Interactions, k: int, note: Note = ignore, *, seconds: float = SECONDS) -> Lists:
    """Lists of LightGCN with 64 dimensions and 3 layers.

    Training on a part of the training events stops when NDCG@10 on the rest has not risen for PATIENCE evaluations, at
    the latest after MOST_STEPS steps or 70 % of `seconds`. From the best one it continues on all events for 30 % of the
    steps taken until then.
    """
    part = tuning_slice(events, most_items=None)
    before, torch_state = torch.get_num_threads(), torch.random.get_rng_state()
    torch.set_num_threads(threads())
    torch.manual_seed(SEED)
    try:
        embedding = _trained(events, part, seconds, note)
    finally:
        torch.set_num_threads(before)
        torch.random.set_rng_state(torch_state)
    users, items = embedding[: len(events.user_ids)], embedding[len(events.user_ids) :]
    unknown = np.where(binary(events).getnnz(axis=0) > 0, 0.0, -np.inf).astype(np.float32)
    return ranked(events, k, lambda rows: users[rows] @ items.T + unknown, least=-np.inf)


def _trained(events: Interactions, part: Slice, seconds: float, note: Note) -> np.ndarray:
    """(U + I, D) the embeddings after propagation over all events."""
    end = time.perf_counter() + seconds
    matrix = binary(part.events)
    users, items = matrix.shape
    model = LightGCN(users + items, DIMENSION, LAYERS, normalize=False)
    model.convs = torch.nn.ModuleList(_Propagation() for _ in range(LAYERS))
    torch.nn.init.normal_(model.embedding.weight, std=STARTING_DEVIATION)
    graph, pairs = _propagation(matrix), _pairs(matrix)
    best, best_value, best_step, step = model.embedding.weight.detach().clone(), -1.0, 0, 0
    train = _Trainer(model, users, items)
    searching = time.perf_counter() + SEARCH_SHARE * seconds
    while pairs.shape[1] and step < MOST_STEPS and step - best_step <= PATIENCE * LOOK_STEPS:
        step += train.steps(graph, pairs, LOOK_STEPS, searching)
        value = _look(model, graph, part, users)
        if value > best_value:
            best, best_value, best_step = model.embedding.weight.detach().clone(), value, step
        if time.perf_counter() >= searching:
            note(f"LightGCN was stopped after {step:,} steps by its limit of {seconds:g} seconds: a lower bound.")
            break
    with torch.no_grad():
        model.embedding.weight.copy_(best)
    whole = binary(events)
    graph, pairs = _propagation(whole), _pairs(whole)
    if pairs.shape[1]:
        _Trainer(model, users, items).steps(graph, pairs, int(best_step * MORE_STEPS), end)
    with torch.no_grad():
        return model.get_embedding(graph).numpy()


class _Trainer:
    """Steps of BPR by Adam, with one sampled negative item for each pair."""

    def __init__(self, model: LightGCN, users: int, items: int) -> None:
        self.model, self.users, self.items = model, users, items
        self.optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)

    def steps(self, graph: torch.Tensor, pairs: torch.Tensor, count: int, end: float) -> int:
        """Make up to `count` steps before the time `end`; returns how many, at least one."""
        done = 0
        while done < count and (done == 0 or time.perf_counter() < end):
            self._step(graph, pairs)
            done += 1
        return done

    def _step(self, graph: torch.Tensor, pairs: torch.Tensor) -> None:
        drawn = pairs[:, torch.randint(pairs.shape[1], (min(BATCH, pairs.shape[1]),))]
        user, item = drawn[0], drawn[1] + self.users
        other = torch.randint(self.items, (len(user),)) + self.users
        out = self.model.get_embedding(graph)
        asked = out[user]
        better, worse = (asked * out[item]).sum(1), (asked * out[other]).sum(1)
        nodes = torch.cat([user, item, other])
        loss = self.model.recommendation_loss(better, worse, node_id=nodes, lambda_reg=WEIGHT_DECAY)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()


def _pairs(matrix: sp.csr_matrix) -> torch.Tensor:
    return torch.from_numpy(np.stack(matrix.nonzero()).astype(np.int64))


def _look(model: LightGCN, graph: torch.Tensor, part: Slice, users: int) -> float:
    with torch.no_grad():
        out = model.get_embedding(graph).numpy()
    return part.ndcg(lambda rows: out[part.users[rows]] @ out[users:].T)


def _propagation(matrix: sp.csr_matrix) -> torch.Tensor:
    """The symmetric (U + I, U + I) adjacency, each entry by the square root of both degrees, compressed by rows."""
    degrees = [np.maximum(matrix.getnnz(axis=axis), 1) ** -0.5 for axis in (1, 0)]
    scaled = sp.diags(degrees[0]) @ matrix @ sp.diags(degrees[1])
    whole = sp.csr_matrix(sp.bmat([[None, scaled], [scaled.T, None]]), dtype=np.float32)
    whole.sort_indices()
    with warnings.catch_warnings():  # "Sparse CSR tensor support is in beta state"
        warnings.filterwarnings("ignore", category=UserWarning)
        return torch.sparse_csr_tensor(
            torch.from_numpy(whole.indptr.astype(np.int64)),
            torch.from_numpy(whole.indices.astype(np.int64)),
            torch.from_numpy(whole.data),
            size=whole.shape,
        )
