"""Item vectors for diversity, compared by cosine: embeddings of the model, else of content, else of attributes."""

from __future__ import annotations

import numpy as np

from graphstore.arrays import Floats, Rows
from graphstore.database.client import Client
from graphstore.recommend.catalogue import Catalogue


def diversity_vectors(client: Client, catalogue: Catalogue, rows: Rows) -> Floats:
    """(N, D) vectors of items (rows of the catalogue); zeros for an item that has none.

    Embeddings of the model; where it made none of these items, content embeddings; without these too, indicators (1 or
    0) of the attributes of each item.
    """
    item_ids = [catalogue.ids[row] for row in rows.tolist()]
    found = {n: vector for n, vector in enumerate(catalogue.vectors.rows(rows.tolist())) if len(vector)}
    if not found and item_ids:
        contents = client.read("update/sampling/read_contents", item_ids=item_ids)[0]
        found = dict(zip(contents["positions"], contents["embeddings"], strict=True))
    if not found and item_ids:
        return _attribute_vectors(client, item_ids)
    width = max((len(vector) for vector in found.values()), default=0)
    vectors = np.zeros((len(item_ids), width))
    for place, vector in found.items():
        if len(vector) == width:
            vectors[place] = vector
    return vectors


def _attribute_vectors(client: Client, item_ids: list[str]) -> Floats:
    """(N, A) 1 where an item has an attribute. The cosine: the shared count over the geometric mean of both."""
    found = client.read("recommend/read_attributes", item_ids=item_ids)
    columns = {attribute: n for n, attribute in enumerate(sorted({row["attribute"] for row in found}))}
    vectors = np.zeros((len(item_ids), len(columns)))
    for row in found:
        vectors[row["position"], columns[row["attribute"]]] = 1.0
    return vectors
