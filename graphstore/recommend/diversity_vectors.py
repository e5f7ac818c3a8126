"""What tells how alike items are: vectors of the model, of content or of attributes, to be compared by cosine."""

from __future__ import annotations

import numpy as np

from graphstore.arrays import Floats, Rows
from graphstore.database.client import Client
from graphstore.recommend.catalogue import Catalogue


def diversity_vectors(client: Client, catalogue: Catalogue, rows: Rows) -> Floats:
    """(N, D) embeddings of items; where no model made any, those of their content; without these too, which attributes
    each has (1 or 0). 0 for an item that has none.
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
    """(N, A) 1 where an item has an attribute: their cosine is what is shared by the geometric mean of both."""
    found = client.read("recommend/read_attributes", item_ids=item_ids)
    columns = {attribute: n for n, attribute in enumerate(sorted({row["attribute"] for row in found}))}
    vectors = np.zeros((len(item_ids), len(columns)))
    for row in found:
        vectors[row["position"], columns[row["attribute"]]] = 1.0
    return vectors
