"""A full training in two phases: a held-out run that chooses epochs and blend weights, then training on all events.

1. `hold_out` some of the newest events.
2. Derive similarity, transitions and popularity from the earlier events; train a model on them up to its best epoch.
3. Compute candidates and signals of users as the graph would give them at that time; learn the weights of the blend.
4. Train the model that is served on all events, for as many epochs, with what the graph holds.

Names: S seed users of a batch, D width of vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gnn.network.data import ItemFeatures
from gnn.network.model import Configuration, InterestNetwork
from gnn.network.propagation import HeteroData
from gnn.network.sampler import NeighbourhoodSampler
from gnn.network.spectral_start import start_vectors
from gnn.training.blend_weights import Example, examples, held_out_metrics, learn_weights
from gnn.training.earlier_part import SideInformationReader, earlier_features
from gnn.training.floor import with_floor
from gnn.training.holdout import HoldOut, hold_out
from gnn.training.hyperparameters import Hyperparameters, network_configuration, with_defaults
from gnn.training.loop import train
from gnn.training.objective import Objective, target_weights
from gnn.training.trainable_contents import TrainableContents
from graphstore import popularity
from graphstore.build.derive import BuildOptions, Derived, derive
from graphstore.build.pull import pull_interactions
from graphstore.clock import GraphClock
from graphstore.database.client import Client
from graphstore.interactions import Interactions
from graphstore.progress import Progress
from graphstore.ranking.blend import Blend
from graphstore.ranking.offline import Signals

LEAST_EXAMPLES = 20


def enough(held: HoldOut) -> bool:
    """Whether enough users have held-out events for weights to be learned on them."""
    return int((held.counts > 0).sum()) >= LEAST_EXAMPLES


@dataclass(frozen=True)
class TrainedModel:
    """A model to be served, its blend, and what it was trained with.

    metrics: those of the held-out events.
    """

    model: InterestNetwork
    blend: Blend
    hyper: Hyperparameters
    seed: int
    metrics: dict[str, Any]


@dataclass(frozen=True)
class HeldOutRun:
    """Result of a held-out run: a blend without readout, epochs to train, metrics, and the users' examples.

    metrics and examples are empty where too little can be held out; weights, epochs and share are the defaults then.
    """

    blend: Blend
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
        with_events = [batch for batch in self.batches if batch["item", "interacts", "user"].edge_index.numel()]
        self._batches = [batch.to(str(self.device)) for batch in with_events]
        self._side_information = SideInformationReader(self.client)

    def run(self) -> TrainedModel:
        """Both phases: the model to serve."""
        events = pull_interactions(self.client, self.options.negative_weight)
        held = hold_out(events)
        held_out_run = self.train_held_out(events, held)
        features = self.sampler.items.features(*self._widths).to(self.device)
        length: dict[str, Any] = {"epochs": held_out_run.epochs, "share": held_out_run.share}
        model, found = self._train(events, features, self._none_held(), **length)
        blend, floor = with_floor(held_out_run.blend, held_out_run.examples, self.hyper.without, self.seed)
        metrics = held_out_run.metrics | {
            "floor": floor,
            "held_out": "by time" if held.by_time else "by user",
            "losses": found.get("losses", []),
        }
        if model.fusion is not None:
            metrics["modalities"] = model.fusion.weights()
        blend = replace(blend, readout=model.readout(self._relations))
        return TrainedModel(model, blend, self.hyper, self.seed, metrics)

    def train_held_out(self, events: Interactions, held: HoldOut) -> HeldOutRun:
        """Derive and train on the events before the held-out ones; learn on these how much each signal counts.

        Nothing is written to the graph.
        """
        self.hyper = with_defaults(self.hyper, events, held)
        earlier = held.earlier(events).on_clock()
        found, trained = self._examples(events, earlier, held) if enough(held) and len(earlier.user) else ([], {})
        if len(found) < LEAST_EXAMPLES:
            return HeldOutRun(Blend(), self.hyper.epochs)
        blend = learn_weights(found, self.hyper.without)
        metrics = {
            "embedding_ndcg_at_10": trained.get("ndcg_at_10"),
            "epoch": trained["epoch"],
            "share": trained["share"],
            "blend": held_out_metrics(found, blend),
            "blend_before": held_out_metrics(found, Blend()),
        }
        return HeldOutRun(blend, int(trained["epoch"]), float(trained["share"]), metrics, found)

    def learn_contents(self, contents: TrainableContents, events: Interactions) -> dict[str, Any]:
        """Train contents and a network under one loss, on the events before the held-out ones; the network is dropped.

        contents: keeps its state of the epoch that ranked the held-out events best.
        events: all of them, as `pull_interactions` has them.

        Returns what `train` does.
        """
        held = hold_out(events)
        self.hyper = with_defaults(self.hyper, events, held)
        choose = enough(held)
        found = self._train_earlier(events, held.earlier(events), held, choose, contents)[-1]
        if not choose:
            contents.keep()
        return found

    def _train_earlier(
        self,
        events: Interactions,
        earlier: Interactions,
        held: HoldOut,
        choose: bool = True,
        contents: TrainableContents | None = None,
    ) -> tuple[Derived, ItemFeatures, InterestNetwork, dict[str, Any]]:
        """Derived rows of the earlier events, item features, a model trained on both, and the result of `train`."""
        derived = derive(earlier, self.options)
        features = earlier_features(self.sampler, earlier, derived.similar_items, self._widths).to(self.device)
        length: dict[str, Any] = {"choose": choose, "epochs": self.hyper.epochs}
        counts = [held.in_batch(batch, events) for batch in self._batches]
        return derived, features, *self._train(earlier, features, counts, contents, **length)

    def _examples(
        self, events: Interactions, earlier: Interactions, held: HoldOut
    ) -> tuple[list[Example], dict[str, Any]]:
        """Candidates and signals of users, derived and trained on the earlier events alone; what `train` returned."""
        self.progress("what came earlier", 0, None)
        derived, features, model, found = self._train_earlier(events, earlier, held)
        with torch.no_grad():
            vectors = model.item_vectors(self._with_residuals(features)).cpu().numpy()
        by_id = {item_id: vectors[row] for item_id, row in self.sampler.items.index.items() if vectors[row].any()}
        blank = np.zeros(vectors.shape[1])
        signals = Signals(
            earlier,
            derived,
            self._side_information.of(earlier, self.options),
            np.stack([by_id.get(item_id, blank) for item_id in events.item_ids]),
            popularity.popularity_now(earlier.now, self.options.popularity_half_life),
        )
        table, vocabulary, readout = self.sampler.items, self.sampler.vocabulary, model.readout(self._relations)
        return examples(signals, held, events, self.batches, table, vocabulary, readout, by_id, self.seed), found

    def _train(
        self,
        events: Interactions,
        features: ItemFeatures,
        held: Sequence[Tensor],
        contents: TrainableContents | None = None,
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
        weights = target_weights(self._relations, self.client.kinds, self.options.negative_weight).to(self.device)
        objective = Objective(features, rows, self.hyper, weights, GraphClock.of(events.day), contents)
        options: dict[str, Any] = {"seed": self.seed, "progress": self.progress, **length}
        return model, train(model, objective, self._batches, held, **options)

    def _with_residuals(self, features: ItemFeatures) -> ItemFeatures:
        """The features with the residuals that the vocabulary has at present."""
        known = [self.sampler.vocabulary.items.get(item_id, -1) for item_id in self.sampler.items.ids]
        return replace(features, known=torch.tensor(known, dtype=torch.long, device=self.device))

    @property
    def _relations(self) -> list[str]:
        return self.sampler.vocabulary.relations

    def _none_held(self) -> list[Tensor]:
        """For each batch (S,) zeros: no event is held out."""
        return [torch.zeros(int(b["user"].seeds), dtype=torch.long, device=self.device) for b in self._batches]

    @property
    def _widths(self) -> tuple[int, tuple[tuple[str, int], ...]]:
        configuration = self._configuration()
        return configuration.content, configuration.media

    def _configuration(self) -> Configuration:
        return network_configuration(self.hyper, self.sampler.vocabulary, self.sampler.items, self.client.kinds)
