"""Which encoder the contents of items were read by, how wide its vectors are, and whether a model learned from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphstore.client import Client
from graphstore.errors import NotReady
from graphstore.runs import last_run
from graphstore.schema import INDEX_SECONDS

INDEXES = {"item_content": "schema/item_content_index", "interest_embedding": "schema/interest_index"}
Options = Mapping[str, Any]


def encoder_of(client: Client) -> str | None:
    """The encoder of the last extraction; None before the first, or where it did not say."""
    last = last_run(client, "extract")
    return last["counts"].get("encoder") if last else None


def content_width(client: Client) -> int | None:
    """How many numbers a vector of the graph's index of contents has; None without the index."""
    rows = client.read("extract/read_content_index")
    return int(rows[0]["options"]["indexConfig"]["vector.dimensions"]) if rows else None


def index_options(width: int) -> Options:
    """Of a vector index."""
    return {"indexConfig": {"vector.dimensions": width, "vector.similarity_function": "cosine"}}


def begin_anew(client: Client, width: int) -> None:
    """Forget all contents, and make their indexes as wide as those that come. Safe to be stopped and run again."""
    client.autocommit("extract/clear_contents")
    for name, statement in INDEXES.items():
        client.autocommit("schema/drop_index", name=name)
        client.autocommit(statement, options=index_options(width))
    client.autocommit("schema/await_indexes", seconds=INDEX_SECONDS)


def check_learned_from(client: Client, model: Mapping[str, Any]) -> None:
    """See that a model learned from contents as they are now. Models that don't say what they learned from pass.

    model: as `graphstore.update.active_model` has it.

    Raises:
        NotReady: it learned from those of another encoder.
    """
    learned, present = model["configuration"].get("encoder"), encoder_of(client)
    if learned and present and learned != present:
        raise NotReady(
            f"Model {model['version']} learned from contents by encoder {learned!r}, and items are read by {present!r} "
            "now: train one with `interestgraph update --full`."
        )
