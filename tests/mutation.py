"""Mutation tests: the code of a target is changed in one place at a time, and its tests have to fail.

Targets, their modules and their test files stand in pyproject.toml under [tool.interestgraph.mutation]. Each target
gets a folder of its own, `.mutation/<target>`, with links to this project and settings for mutmut. The mutants that
survive are explained in docs/mutation.md; those that are not listed there are printed.

    make mutation                      every target
    make mutation TARGET=ranking       one
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".mutation"
EXPLAINED = ROOT / "docs" / "mutation.md"
LINKED = ("graphstore", "gnn", "web", "commands", "cypher", "tests", "interestgraph.py")
LEAST = 0.85
NOTICED = ("killed", "timeout")  # a mutant that never ends is one that does not pass
MUTMUT = Path(sys.executable).parent / "mutmut"


def targets() -> dict[str, dict]:
    """The targets by name: modules, tests, and whether the tests need Neo4j."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project["tool"]["interestgraph"]["mutation"]


def prepare(name: str, target: dict) -> Path:
    """A new folder for a target with links to the project and mutmut's settings."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for entry in LINKED:
        (folder / entry).symlink_to(ROOT / entry)
    options = {
        "source_paths": ["graphstore", "gnn"],
        "only_mutate": target["modules"],
        "also_copy": ["cypher", "web", "commands", "interestgraph.py"],
        "pytest_add_cli_args_test_selection": target["tests"],
        # A fixed profile: the same examples in every run, and none kept from one mutant to the next.
        "pytest_add_cli_args": ["-o", "addopts=--import-mode=importlib", "--hypothesis-profile=ci"],
        "process_isolation": "fork",
        "timeout_constant": 3.0,
        "timeout_multiplier": 10.0,
        "use_git_change_detection": False,
    }
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in options.items()]
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8") + "\n[tool.mutmut]\n" + "".join(lines)
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    return folder


@contextmanager
def server(needed: bool) -> Iterator[dict[str, str]]:
    """Environment variables that name a Neo4j for the tests: one that is started here, or none."""
    if not needed:
        yield {"INTERESTGRAPH_TEST_NEO4J": "none"}
        return
    from graphstore.server.managed import ManagedServer

    with tempfile.TemporaryDirectory(prefix="interestgraph-mutation-") as folder:
        managed = ManagedServer(Path(folder) / "neo4j", heap="512m", page_cache="64m")
        address = managed.start()
        try:
            yield {
                "INTERESTGRAPH_TEST_NEO4J": "running",
                "NEO4J_URI": address.bolt_uri,
                "NEO4J_USERNAME": address.username,
                "NEO4J_PASSWORD": address.password,
            }
        finally:
            managed.kill()


def statuses(folder: Path) -> dict[str, str]:
    """What became of each mutant, by its name."""
    command = [MUTMUT, "results", "--all", "true"]
    lines = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.strip().rsplit(": ", 1) for line in lines if line)


def description(folder: Path, mutant: str) -> str:
    """A mutant as docs/mutation.md lists it: its function, the lines before and the lines after."""
    module, _, function = mutant.rpartition(".")
    with contextlib.chdir(folder):
        lines = get_diff_for_mutant(mutant, path=f"{module.replace('.', '/')}.py").splitlines()[2:]
    before, after = (" ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+")
    name = function.split("__mutmut")[0].removeprefix("x").strip("ǁ").replace("ǁ", ".").removeprefix("_")
    return f"`{module}.{name}`: `{before}` → `{after}`"


def run(name: str, target: dict, children: int) -> tuple[Counter[str], list[str], float]:
    """Test the mutants of one target: how many became what, those that survived, and how many seconds it took."""
    begin = time.monotonic()
    folder = prepare(name, target)
    with server(target.get("neo4j", False)) as variables:
        number = 1 if target.get("neo4j") else children
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": "", **variables}
        command = [MUTMUT, "run", "--max-children", str(number)]
        if subprocess.run(command, cwd=folder, env=environment).returncode:
            raise SystemExit(f"mutmut could not run the target {name}; its folder is {folder}.")
    found = statuses(folder)
    survivors = [description(folder, mutant) for mutant, status in found.items() if status not in NOTICED]
    return Counter(found.values()), survivors, time.monotonic() - begin


def main() -> None:
    """Run targets and print a table; the exit status is 1 where a share is below the least."""
    known = targets()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="target", help=f"out of {', '.join(known)}; all by default")
    parser.add_argument(
        "--children", type=int, default=os.cpu_count() or 1, help="processes (one where Neo4j is needed)"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.targets) - set(known):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    explained = EXPLAINED.read_text(encoding="utf-8") if EXPLAINED.exists() else ""
    table, new = ["| target | mutants | killed | share | minutes |", "|---|---:|---:|---:|---:|"], []
    enough = True
    for name in arguments.targets or known:
        counts, survivors, seconds = run(name, known[name], arguments.children)
        killed, total = sum(counts[status] for status in NOTICED), counts.total()
        enough = enough and killed >= LEAST * total
        table.append(f"| {name} | {total} | {killed} | {100 * killed / total:.1f} % | {seconds / 60:.1f} |")
        new += [line for line in survivors if line not in explained]
    print("\n" + "\n".join(table))
    if new:
        print(f"\n{len(new)} survivors that {EXPLAINED.relative_to(ROOT)} does not explain:")
        print("\n".join(f"- {line}" for line in new))
    raise SystemExit(0 if enough else 1)


if __name__ == "__main__":
    main()
