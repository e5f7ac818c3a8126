"""The content index: the encoder of the items' content vectors, their width, and whether a model learned from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphstore.database.client import Client
from graphstore.database.runs import last_run
from graphstore.database.schema import INDEX_SECONDS
from graphstore.errors import NotReady

INDEXES = {"item_content": "extract/items/item_content_index", "interest_embedding": "extract/items/interest_index"}
MEDIA_ENCODERS = ("image_encoder", "audio_encoder")
Options = Mapping[str, Any]


def encoder_of(client: Client) -> str | None:
    """The name of the encoder of the last extraction; None before the first, or if it was not recorded."""
    last = last_run(client, "extract")
    return last["counts"].get("encoder") if last else None


def encoders_of(client: Client) -> dict[str, Any]:
    """The encoders of the last extraction: encoder, and image_encoder and audio_encoder where items have media."""
    last = last_run(client, "extract")
    counts = last["counts"] if last else {}
    return {"encoder": counts.get("encoder")} | {name: counts[name] for name in MEDIA_ENCODERS if name in counts}


def content_width(client: Client) -> int | None:
    """The dimension of the index of content vectors; None without the index."""
    rows = client.read("extract/items/read_content_index")
    return int(rows[0]["options"]["indexConfig"]["vector.dimensions"]) if rows else None


def index_options(width: int) -> Options:
    """The options of a vector index of this dimension, for cosine similarity."""
    return {"indexConfig": {"vector.dimensions": width, "vector.similarity_function": "cosine"}}


def begin_anew(client: Client, width: int) -> None:
    """Delete all content vectors and create their indexes for another dimension. Can be stopped and run again."""
    client.autocommit("extract/items/clear_contents")
    for name, statement in INDEXES.items():
        client.autocommit("schema/steps/drop_index", name=name)
        client.autocommit(statement, options=index_options(width))
    client.autocommit("schema/steps/await_indexes", seconds=INDEX_SECONDS)


def check_learned_from(client: Client, model: Mapping[str, Any]) -> None:
    """Check that a model learned from the present content vectors. Models without a recorded encoder pass.

    model: as `graphstore.update.models.active_model` returns it.

    Raises:
        NotReady: it learned from vectors of another encoder.
    """
    configuration, present_encoders = model["configuration"], encoders_of(client)
    media = {f"{name}_encoder" for name, _ in configuration.get("media", ())}
    for name in ("encoder", *MEDIA_ENCODERS):
        learned, present = configuration.get(name), present_encoders.get(name)
        if learned and present and learned != present and (name == "encoder" or name in media):
            raise NotReady(
                f"Model {model['version']} learned from contents by {name.replace('_', ' ')} {learned!r}, and items "
                f"are read by {present!r} now: train one with `interestgraph update --full`."
            )
