"""Update in the graph: embeddings, models, neighbourhood samples, the work queue and the change feed."""
