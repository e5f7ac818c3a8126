"""Text encoders: texts to vectors of length 1, by name, with a cache."""
