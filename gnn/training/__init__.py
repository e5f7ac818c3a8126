"""Training: objective, loop, held-out events, blend weights, and continued training."""
