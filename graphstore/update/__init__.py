"""The graph side of update: embeddings, models, neighbourhood samples, the work queue and the change feed."""
