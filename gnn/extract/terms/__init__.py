"""Terms of the vocabulary: what attributes and sentences name, joined by meaning, kept if they tell users apart."""
