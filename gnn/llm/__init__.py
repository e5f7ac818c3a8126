"""Questions to an OpenAI-compatible endpoint: cached, batched, budgeted, retried. It knows nothing of interests."""
