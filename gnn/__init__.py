"""Extraction by language models, the graph neural network, and their evaluation: everything that imports torch."""

import os

# Waiting threads of torch spin, by default so long that two processes on the same cores take five times as long as one
# after the other. libgomp reads this variable when torch is imported.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
