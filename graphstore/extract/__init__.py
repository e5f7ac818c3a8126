"""Extract in the graph: texts and media of items, interests, and the results of a language model."""
