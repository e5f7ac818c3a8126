"""The graph side of extract: item texts and media, interests, and answers of a language model."""
