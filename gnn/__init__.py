"""What learns: extraction by language models, the graph network, and how both are judged."""

import os

# Threads of torch that wait for each other spin, by default so long that two processes on the same cores take five
# times as long as one after the other. libgomp reads this when torch is imported.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
