"""What users write: plain text, polarity of words, and the interests that texts and searches tell of."""
