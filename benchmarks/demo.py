"""Wall time of `interestgraph demo` by step, on an empty folder, from its own --json answer.

Packages, Neo4j and the data set must have been fetched before (run the demo once), or their download is measured too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

from benchmarks.measures import tables


def run_command(arguments: list[str], environment: dict[str, str]) -> str:
    """Run interestgraph and return its standard output; its messages go to ours."""
    command = [sys.executable, "-m", "interestgraph", *arguments]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("--home", help="an INTERESTGRAPH_HOME to use and keep, in place of a scratch one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="interestgraph-benchmark-") as temporary:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("NEO4J_")}
        environment["INTERESTGRAPH_HOME"] = options.home or temporary
        began = time.perf_counter()
        try:
            story = json.loads(run_command(["demo", "--json"], environment))
            wall = time.perf_counter() - began
        finally:
            if not options.home:
                run_command(["server", "stop", "--json"], environment)
    rows = [{"step": step, "seconds": seconds} for step, seconds in story["seconds"].items()]
    rows.append({"step": "all, with the program's start", "seconds": wall})
    tables.show("interestgraph demo (target: under 180 s)", rows, options.json)


if __name__ == "__main__":
    main()
