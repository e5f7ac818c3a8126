"""A full training: once without held-out events, to learn when to stop and how much each signal counts; then on all.

1. `hold_out` some of the newest events.
2. Derive similarity, transitions and popularity from the earlier events; train a model on them up to its best epoch.
3. Compute candidates and signals of users as the graph would give them at that time; learn the weights of the blend.
4. Train the model that is served on all events, for as many epochs, with what the graph holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from gnn.network.data import ItemFeatures
from gnn.network.model import Configuration, InterestNetwork
from gnn.network.propagation import HeteroData
from gnn.network.sampler import NeighbourhoodSampler
from gnn.network.spectral_start import start_vectors
from gnn.training.blend_weights import Example, examples, held_out_metrics, learn_weights
from gnn.training.holdout import HoldOut, hold_out
from gnn.training.hyperparameters import Hyperparameters
from gnn.training.loop import train
from gnn.training.objective import Objective
from gnn.training.trainable_contents import TrainableContents
from graphstore import popularity
from graphstore.build.derive import BuildOptions, Derived, derive, favoured_items
from graphstore.build.pull import pull_interactions, pull_item_interests, pull_ties, pull_user_attributes
from graphstore.database.client import Client
from graphstore.interactions import Interactions
from graphstore.progress import Progress
from graphstore.ranking.blend import Blend
from graphstore.ranking.offline import SideInformation, Signals

RECENCY_DAYS = 25.0
TEMPERATURE, TEMPERATURE_WITHOUT_TIMES = 0.1, 0.05
LEARNING_RATE, LEARNING_RATE_WITHOUT_TIMES = 5e-3, 1.5e-3
ALL_THAT_FOLLOWS, WHAT_COMES_NEXT = (50, 1.0), (5, 0.8)  # targets, and how much each counts of the one before
LEAST_EXAMPLES = 20
PARTS = ("content", "attributes", "neighbours", "residual")


def enough(held: HoldOut) -> bool:
    """Whether so many users have held-out events that something can be learned on them."""
    return int((held.counts > 0).sum()) >= LEAST_EXAMPLES


def with_defaults(hyper: Hyperparameters, events: Interactions, held: HoldOut) -> Hyperparameters:
    """What is 0, to be decided, as it suits these events.

    Targets count by recency only if one cut in time holds events out. Then, and where nothing has a time, all that
    follows a cut is asked for alike; else what comes next counts most. Without times the softmax is sharper, and steps
    are smaller: there is no recency to learn, and the start knows most of the rest.
    """
    without_times = bool(np.isnan(events.latest_day))
    if hyper.recency == 0.0:
        hyper = replace(hyper, recency=RECENCY_DAYS if held.by_time else None)
    if hyper.temperature == 0.0:
        hyper = replace(hyper, temperature=TEMPERATURE_WITHOUT_TIMES if without_times else TEMPERATURE)
    if hyper.learning_rate == 0.0:
        hyper = replace(hyper, learning_rate=LEARNING_RATE_WITHOUT_TIMES if without_times else LEARNING_RATE)
    targets, decay = ALL_THAT_FOLLOWS if held.by_time or without_times else WHAT_COMES_NEXT
    return replace(hyper, targets=hyper.targets or targets, target_decay=hyper.target_decay or decay)


@dataclass(frozen=True)
class HeldOutRun:
    """What was learned on held-out events: weights of signals, epochs to train, metrics, and the users' examples.

    metrics and examples are empty where too little can be held out; weights, epochs and share are the defaults then.
    """

    weights: dict[str, float]
    epochs: int
    share: float = 1.0
    metrics: dict[str, Any] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)


@dataclass
class Training:
    """Full trainings over neighbourhoods that were pulled before; `hyper` and `options` may change between them."""

    client: Client
    sampler: NeighbourhoodSampler
    batches: Sequence[HeteroData]
    hyper: Hyperparameters
    seed: int
    device: torch.device
    progress: Progress
    options: BuildOptions = field(default_factory=BuildOptions)

    def __post_init__(self) -> None:
        told = [batch for batch in self.batches if batch["item", "interacts", "user"].edge_index.numel()]
        self._batches = [batch.to(str(self.device)) for batch in told]  # of users of whom something can be learned
        self._pulled: tuple[Any, ...] = ()

    def run(self) -> tuple[InterestNetwork, Blend, dict[str, Any]]:
        """The model to serve, the blend, and metrics of the held-out events."""
        events = pull_interactions(self.client, self.options.negative_weight)
        held = hold_out(events)
        held_out_run = self.train_held_out(events, held)
        features = self.sampler.items.features(*self._widths).to(self.device)
        length: dict[str, Any] = {"epochs": held_out_run.epochs, "share": held_out_run.share}
        model, found = self._train(events, features, self._no_held(), **length)
        metrics = held_out_run.metrics | {
            "held_out": "by time" if held.by_time else "by user",
            "losses": found.get("losses", []),
        }
        if model.fusion is not None:
            metrics["modalities"] = model.fusion.weights()
        return model, Blend(held_out_run.weights, model.readout(self._relations)), metrics

    def train_held_out(self, events: Interactions, held: HoldOut) -> HeldOutRun:
        """Derive and train on what came before the held-out events; learn on these how much each signal counts.

        Nothing is written to the graph.
        """
        self.hyper = with_defaults(self.hyper, events, held)
        earlier = held.earlier(events)
        lists, found = self._lists(events, earlier, held) if enough(held) and len(earlier.user) else ([], {})
        if len(lists) < LEAST_EXAMPLES:
            return HeldOutRun(dict(Blend().weights), self.hyper.epochs)
        weights = learn_weights(lists, self.hyper.without)
        metrics = {
            "embedding_ndcg_at_10": found.get("ndcg_at_10"),
            "epoch": found["epoch"],
            "share": found["share"],
            "blend": held_out_metrics(lists, weights),
            "blend_before": held_out_metrics(lists, Blend().weights),
        }
        return HeldOutRun(weights, int(found["epoch"]), float(found["share"]), metrics, lists)

    def learn_contents(self, live: TrainableContents, events: Interactions) -> dict[str, Any]:
        """Train live contents and a network under one loss, on what came before the held-out events; the network goes.

        Returns what `train` does. live: learns; what it kept is of the epoch that ranked the held-out events best.
        events: all of them, as `pull_interactions` has them.
        """
        held = hold_out(events)
        self.hyper = with_defaults(self.hyper, events, held)
        choose = enough(held)
        found = self._train_held_out(events, held.earlier(events), held, choose, live)[-1]
        if not choose:
            live.keep()
        return found

    def _train_held_out(
        self,
        events: Interactions,
        earlier: Interactions,
        held: HoldOut,
        choose: bool = True,
        live: TrainableContents | None = None,
    ) -> tuple[Derived, ItemFeatures, InterestNetwork, dict[str, Any]]:
        """What follows from the earlier events, features, a model trained on both, and what `train` found."""
        derived = derive(earlier, self.options)
        features = self._without_later(earlier, derived).to(self.device)
        length: dict[str, Any] = {"choose": choose, "epochs": self.hyper.epochs}
        return derived, features, *self._train(earlier, features, self._held(events, held), live, **length)

    def _lists(
        self, events: Interactions, earlier: Interactions, held: HoldOut
    ) -> tuple[list[Example], dict[str, Any]]:
        """Candidates and signals of users, from derivation and training on the earlier events; what `train` found."""
        self.progress("what came earlier", 0, None)
        derived, features, model, found = self._train_held_out(events, earlier, held)
        with torch.no_grad():
            vectors = model.item_vectors(self._with_residuals(features)).cpu().numpy()
        by_id = {item_id: vectors[row] for item_id, row in self.sampler.items.index.items() if vectors[row].any()}
        blank = np.zeros(vectors.shape[1])
        signals = Signals(
            earlier,
            derived,
            self._surroundings(earlier),
            np.stack([by_id.get(item_id, blank) for item_id in events.item_ids]),
            popularity.popularity_now(earlier.latest_day, self.options.popularity_half_life),
        )
        table, vocabulary, readout = self.sampler.items, self.sampler.vocabulary, model.readout(self._relations)
        return examples(signals, held, events, self.batches, table, vocabulary, readout, by_id, self.seed), found

    def _train(
        self,
        events: Interactions,
        features: ItemFeatures,
        held: Sequence[Tensor],
        live: TrainableContents | None = None,
        **length: Any,
    ) -> tuple[InterestNetwork, dict[str, Any]]:
        """A model trained on these events, and what `train` returns. length: `train`'s epochs, share and choose."""
        table, vocabulary = self.sampler.items, self.sampler.vocabulary
        active = np.flatnonzero(np.bincount(events.item, minlength=len(events.item_ids)))
        known = [events.item_ids[row] for row in active.tolist()]
        vocabulary.items = {item_id: number for number, item_id in enumerate(known)}
        rows = torch.tensor([table.index[item_id] for item_id in known], device=self.device, dtype=torch.long)
        features = self._with_residuals(features)
        torch.manual_seed(self.seed)
        model = InterestNetwork(self._configuration())
        if self.hyper.spectral and len(known):
            start = start_vectors(events, self.hyper.dimension, self.seed)[torch.from_numpy(active)]
            weight = torch.from_numpy(np.sqrt(np.bincount(events.item)[active])).float()
            model.to(self.device).start_from(start.to(self.device), features, weight.to(self.device))
        model = model.to(self.device)
        if len(known) < 2:
            return model.eval(), {"epoch": length["epochs"], "share": 1.0}
        objective = Objective(features, rows, self.hyper, self._telling().to(self.device), events.latest_day, live)
        found = train(
            model,
            objective,
            self._batches,
            held,
            seed=self.seed,
            progress=self.progress,
            **length,
        )
        return model, found

    def _with_residuals(self, features: ItemFeatures) -> ItemFeatures:
        """The features with the residuals that the vocabulary knows by now."""
        known = [self.sampler.vocabulary.items.get(item_id, -1) for item_id in self.sampler.items.ids]
        return replace(features, known=torch.tensor(known, dtype=torch.long, device=self.device))

    def _telling(self) -> Tensor:
        """How much an event of each relation counts as a target: dislikes not at all, low ratings half."""
        liked = {kind.type for kind in self.client.kinds.values() if kind.weight > 0}
        pairs = [[1.0, self.options.negative_weight] if name in liked else [0.0, 0.0] for name in self._relations]
        return torch.tensor(pairs).flatten()

    @property
    def _relations(self) -> list[str]:
        return self.sampler.vocabulary.relations

    def _held(self, events: Interactions, held: HoldOut) -> list[Tensor]:
        """For each batch (S,) how many of the newest pulled events are held out."""
        row = {user_id: number for number, user_id in enumerate(events.user_ids)}
        found = []
        for batch in self._batches:
            users = batch["item", "interacts", "user"].edge_index[1]
            lengths = torch.bincount(users.cpu(), minlength=int(batch["user"].num_nodes))
            counts = [
                min(int(held.counts[row[user_id]]) if user_id in row else 0, int(length))
                for user_id, length in zip(batch["user"].user_id, lengths, strict=False)
            ]
            found.append(torch.tensor(counts, dtype=torch.long, device=self.device))
        return found

    def _no_held(self) -> list[Tensor]:
        return [torch.zeros(int(b["user"].seeds), dtype=torch.long, device=self.device) for b in self._batches]

    def _without_later(self, earlier: Interactions, derived: Derived) -> ItemFeatures:
        """The items' features with the similar items that the earlier events alone speak for."""
        table = self.sampler.items
        found = derived.similar_items
        order = np.lexsort((found.target, -found.score, found.source))
        source, target, score = found.source[order], found.target[order], found.score[order]
        place = np.arange(len(source)) - np.searchsorted(source, source)
        keep = (place < self.sampler.fan_out.similar) & (score > 0)
        rows = np.array([table.index.get(item_id, -1) for item_id in earlier.item_ids])
        edges = np.stack([rows[target[keep]], rows[source[keep]]])
        features = table.features(*self._widths)
        return replace(
            features,
            similar=torch.from_numpy(edges.astype(np.int64)),
            scores=torch.from_numpy(score[keep].astype(np.float32)),
        )

    def _surroundings(self, earlier: Interactions) -> SideInformation:
        """Attributes, ties and what items are about; which attributes favour what follows from the earlier events."""
        if not self._pulled:
            _, about = pull_item_interests(self.client, earlier.item_ids)
            names, members = pull_user_attributes(self.client, earlier.user_ids)
            self._pulled = about, names, members, pull_ties(self.client, earlier.user_ids)
        about, names, members, follows = self._pulled
        favoured = favoured_items(earlier, members, self.options)
        shape = (len(names), len(earlier.item_ids))
        favours = sp.csr_matrix((favoured.score, (favoured.source, favoured.target)), shape=shape)
        return SideInformation(about, members, favours, follows)

    @property
    def _widths(self) -> tuple[int, tuple[tuple[str, int], ...]]:
        configuration = self._configuration()
        return configuration.content, configuration.media

    def _configuration(self) -> Configuration:
        vocabulary, hyper = self.sampler.vocabulary, self.hyper
        by_type = {kind.type: kind for kind in self.client.kinds.values()}
        weights, half_lives = [], []
        for name in vocabulary.relations:
            kind = by_type[name]
            weights += [kind.weight, (0.5 if kind.weight > 0 else 1.0) * kind.weight]
            half_lives += [kind.half_life_days, kind.half_life_days]
        return Configuration(
            attributes=len(vocabulary.attributes),
            items=len(vocabulary.items),
            content=self.sampler.items.content_width,
            relation_weights=weights,
            relation_half_lives=half_lives,
            dimension=hyper.dimension,
            temperature=hyper.temperature,
            without=tuple(part for part in PARTS if not getattr(hyper, part)),
            media=self.sampler.items.media_widths if hyper.content else (),
        )
