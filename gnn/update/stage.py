"""update: train the graph network and keep the embeddings in the graph up to date.

full         pull neighbourhoods, train, save the weights, embed every item and user, register and activate the model.
continued    train the active model further on new behaviour (`gnn.training.continual`); if it is better, as full.
incremental  with the active model: embed what was touched since the last run, and what depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gnn.encoders.device import best_device
from gnn.network import registry
from gnn.network.model import widths
from gnn.network.propagation import HeteroData
from gnn.network.sampler import NeighbourhoodSampler
from gnn.training.continual import continue_training, continued_blend
from gnn.training.fitting import TrainedModel, Training
from gnn.update.embed import embed_items, embed_users
from gnn.update.prepare import check_built, hyperparameters, last_extract, prepared_training, share_machine
from graphstore.build.derive import BuildOptions
from graphstore.build.tuned import tuned_settings
from graphstore.database.client import Client
from graphstore.database.leases import hold
from graphstore.database.runs import last_run, run
from graphstore.extract import content_index
from graphstore.progress import Progress, silent
from graphstore.settings import Settings
from graphstore.update import embeddings, models, sampling, work_queue

EMBED_USERS = 256
DEPENDENTS = 5_000


def update(
    client: Client,
    settings: Settings,
    *,
    full: bool = False,
    further: bool = False,
    end_to_end: bool = False,
    seed: int = 0,
    options: BuildOptions | None = None,
    progress: Progress = silent,
    **hyper: Any,
) -> dict[str, Any]:
    """Bring embeddings up to date; train first if `full`, or if no model is active.

    further: train the active model further, and serve the result if it ranks better; else as without.
    end_to_end: train the encoder with a network first (`gnn.adaptation.end_to_end`), then update in full.
    options: that the graph was built with.  hyper: fields of `Hyperparameters`.  For those not given, the values that
    `tune` adopted for this graph are taken, or else the defaults.

    Returns counts: full, version, users, items, users_without_input, items_without_input, and when trained metrics and
    settings (where those not given come from); end_to_end: the report of `gnn.adaptation.end_to_end.learn_encoder`.

    Raises:
        NotReady: extract has not run, the active model's weights are missing, or items were read by another encoder.
        InputError: an unknown hyperparameter.
    """
    with hold(client, "update --end-to-end" if end_to_end else "update", progress) as client:
        full = full or end_to_end
        tuned = tuned_settings(client)
        parameters = hyperparameters(tuned.training, hyper)
        extracted = last_extract(client)
        share_machine()
        learned: dict[str, Any] = {}
        if end_to_end:
            prepared = prepared_training(client, parameters, options or tuned.build, seed, progress)
            learned = {"end_to_end": _learn_encoder(client, settings, prepared, seed, progress)}
            extracted = last_extract(client)
        with run(client, "update") as current:
            # What was touched after extract began may not be extracted yet: the next run embeds it again.
            current.watermark = extracted["started_at"]
            last = last_run(client, "update")
            active = models.active_model(client)
            if active is not None and not active["readable"]:
                models.complete(client, active["version"])
            if full or active is None or last is None:
                check_built(client)
                training = prepared_training(client, parameters, options or tuned.build, seed, progress)
                counts = _full(client, settings, training) | {"settings": tuned.label}
            elif further and (found := _continued(client, settings, seed, progress)):
                counts = found
            else:
                content_index.check_learned_from(client, active)
                counts = _incremental(client, settings, active["version"], last, progress)
            counts |= learned
            current.counts.update(counts)
            work_queue.clear_before(client, extracted["started_at"])
            if counts["full"] or "continued" in counts:
                work_queue.mark_touched(client, current.started_at)
        return counts


def _learn_encoder(
    client: Client, settings: Settings, training: Training, seed: int, progress: Progress
) -> dict[str, Any]:
    """Train the encoder with a network, and read all items by it if it is better; the report."""
    from gnn.adaptation.end_to_end import learn_encoder
    from gnn.encoders import by_name
    from gnn.extract.stage import extract

    found = learn_encoder(client, settings, training, seed, progress)
    if found.name:
        encoder = by_name.encoder(found.name, settings.models)
        extract(client, settings, encoder=encoder, full=True, progress=progress)
    return found.report


def _full(client: Client, settings: Settings, training: Training) -> dict[str, Any]:
    """Train on everything, and serve the result."""
    trained = training.run()
    return {"full": True} | serve(
        client, settings, trained, training.sampler, batches=training.batches, progress=training.progress
    )


def _continued(client: Client, settings: Settings, seed: int, progress: Progress) -> dict[str, Any] | None:
    """Train the active model further, and serve the result if it is better; None if not, or without enough users."""
    weight = tuned_settings(client).build.negative_weight
    found = continue_training(client, settings, weight, seed, progress)
    if found is None or not found.better:
        return None
    before, model = found.metrics["continued"], found.model
    sampler = NeighbourhoodSampler(client, found.vocabulary, found.fan_out, media=model.fusion is not None)
    blend = continued_blend(client, before, model, found.vocabulary)
    trained = TrainedModel(model, blend, found.hyper, seed, found.metrics)
    return {"full": False, "continued": before} | serve(client, settings, trained, sampler, progress=progress)


def serve(
    client: Client,
    settings: Settings,
    trained: TrainedModel,
    sampler: NeighbourhoodSampler,
    *,
    batches: Sequence[HeteroData] = (),
    progress: Progress = silent,
) -> dict[str, Any]:
    """Save a model, embed every item and user by it, and make it the active one; readers see the switch as one step.

    sampler: with the vocabulary and the fan-out of the model.  batches: neighbourhoods that it pulled before; used if
    they hold all users.

    Returns counts: version, items, items_without_input, users, users_without_input, and the metrics.
    """
    model = trained.model
    users, items = sampling.user_ids(client), sampling.item_ids(client)
    sampler.add_items(items)  # those that came while it trained
    features = sampler.items.features(*widths(model)).to(next(model.parameters()).device)
    version = registry.new_version()
    registry.save(settings.models, version, model, sampler.vocabulary, sampler.fan_out)
    counts: dict[str, Any] = {"version": version}
    counts |= embed_items(client, version, model, features, sampler, items, ahead=True, progress=progress)[0]
    pulled = {user_id for batch in batches for user_id in batch["user"].user_id}
    ready = batches if pulled.issuperset(users) else sampler.batches(users, EMBED_USERS)
    counts |= embed_users(client, version, model, features, sampler, ready, len(users), progress, ahead=True)
    models.activate(
        client,
        version,
        family=registry.FAMILY,
        configuration={
            **model.configuration.as_dict(),
            "training": trained.hyper.as_dict(),
            "seed": trained.seed,
            **content_index.encoders_of(client),
        },
        metrics=trained.metrics,
        dimension=model.configuration.dimension,
        blend=trained.blend,
    )
    embeddings.settle(client, version, everything=True)
    return counts | {"metrics": trained.metrics}


def _incremental(
    client: Client, settings: Settings, version: str, last: Mapping[str, Any], progress: Progress
) -> dict[str, Any]:
    """Embed by the active model what was touched since the last run, and what depends on it."""
    since = last["watermark"] or last["started_at"]
    embeddings.settle(client, version, everything=False)  # in case a full update was stopped just before
    model, vocabulary, fan_out = registry.load(settings.models, version)
    device = best_device()
    model = model.to(device)
    sampler = NeighbourhoodSampler(client, vocabulary, fan_out, media=model.fusion is not None)
    built = last_run(client, "build")
    if built and built["started_at"] >= last["started_at"]:  # the similar items of any item may have changed
        seeds = sampling.item_ids(client)
    else:
        seeds = embeddings.stale_items(client, since, version)
        seeds = sorted({*seeds, *embeddings.item_dependents(client, seeds, DEPENDENTS)})
    sampler.add_items(seeds)
    features = sampler.items.features(*widths(model)).to(device)
    counts, written = embed_items(client, version, model, features, sampler, seeds, compare=True, progress=progress)
    users = embeddings.stale_users(client, since, version)
    users = sorted(
        {
            *users,
            *embeddings.followers(client, users, DEPENDENTS),
            *embeddings.user_dependents(client, written, DEPENDENTS),
        }
    )
    batches = sampler.batches(users, EMBED_USERS)
    counts |= embed_users(client, version, model, None, sampler, batches, len(users), progress)
    return {"full": False, "version": version, **counts}
