"""Extract: from texts, images and behaviour to content embeddings and interests."""
