"""The wheel carries the whole house: every statement file, and nothing that is only for building it."""

import ast
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOAD_EVERY_STATEMENT = """
import graphstore.database.statements as statements
names = statements.names()
for name in names:
    statements.load(name)
print(statements.__file__, len(names))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel as pip builds it from this folder, without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--no-cache-dir"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("interestgraph-*.whl")
    return built


def test_the_wheel_installed_elsewhere_loads_every_statement(wheel, tmp_path):
    target = tmp_path / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", "--target", str(target)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
    done = subprocess.run(
        [sys.executable, "-c", LOAD_EVERY_STATEMENT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    file, count = done.stdout.split()
    assert Path(file).is_relative_to(target)
    assert int(count) == len(list((ROOT / "cypher").rglob("*.cypher")))


def test_the_wheel_holds_the_pages_and_no_tests(wheel):
    files = set(zipfile.ZipFile(wheel).namelist())
    needed = [ROOT / "interestgraph.py"]
    for folder in ("commands", "graphstore", "gnn", "web"):
        needed += [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = {path.relative_to(ROOT).as_posix() for path in needed} - files
    assert not missing
    assert not [name for name in files if name.startswith(("tests/", "benchmarks/", "docs/"))]


def test_the_distribution_can_not_be_uploaded_by_mistake():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Private :: Do Not Upload" in project["classifiers"]
    assert project["scripts"] == {"interestgraph": "interestgraph:main"}


@pytest.mark.parametrize(
    "name",
    [
        "collect",
        "load/server_start",
        "latency",
        "load/attack",
        "measures/browser_overlap",
        "demo",
        "worlds/generator",
        "load/prepare",
        "live",
        "stream",
        "language/adaptation",
        "extraction",
        "recovery",
        "language/generative_calls",
    ],
)
def test_a_benchmark_explains_itself(name):
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0 and "usage:" in done.stdout, done.stderr


# The shape of the house: docs/architecture.md describes it.

ROOMS = ("graphstore", "gnn", "web", "commands", "cypher", "tests", "benchmarks")
MOST_FILES, MOST_LINES = 15, 40


def python_files(*folders):
    """Every Python file of some folders, as (path, syntax tree)."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def imported_modules():
    """For every module of the product the modules it imports anywhere, in functions too."""
    trees = {path.relative_to(ROOT): tree for path, tree in python_files("graphstore", "gnn", "web", "commands")}
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in trees}
    found = {name: set() for name in names}
    for name, path in names.items():
        for node in ast.walk(trees[path]):
            if isinstance(node, ast.ImportFrom) and node.module:
                wanted = {f"{node.module}.{alias.name}" for alias in node.names}
                found[name] |= {full if full in names else node.module for full in wanted}
        found[name] = {other for other in found[name] & names.keys() if other != name}
    return found


def circle(arrows):
    """One circle of a graph {name: names}, as a list of names; [] where there is none."""
    done = set()

    def walk(name, way):
        if name in way:
            return way[way.index(name) :]
        if name not in done:
            for other in sorted(arrows[name]):
                if found := walk(other, [*way, name]):
                    return found
            done.add(name)
        return []

    return next((found for name in sorted(arrows) if (found := walk(name, []))), [])


def test_no_folder_holds_more_than_fifteen_modules_or_statements():
    full = {}
    for room in ROOMS:
        for folder in [ROOT / room, *(path for path in (ROOT / room).rglob("*") if path.is_dir())]:
            for ending in ("*.py", "*.cypher"):
                count = len([path for path in folder.glob(ending) if path.name != "__init__.py"])
                if count > MOST_FILES:
                    full[folder.relative_to(ROOT).as_posix()] = count
    assert not full


def test_there_is_no_circle_of_modules():
    assert circle(imported_modules()) == []


def test_there_is_no_circle_of_rooms():
    arrows = {}
    for name, others in imported_modules().items():
        room = ".".join(name.split(".")[:2])
        arrows.setdefault(room, set())
        for other in others:
            there = ".".join(other.split(".")[:2])
            if there != room and "." in there:  # the face of a package only hands names on
                arrows[room].add(there)
                arrows.setdefault(there, set())
    assert circle(arrows) == []


def test_a_circle_would_be_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]


def test_no_function_has_more_than_forty_lines_of_body():
    long = {}
    for path, tree in python_files("graphstore", "gnn", "web", "commands", "benchmarks"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                if lines > MOST_LINES:
                    long[f"{path.relative_to(ROOT)}:{node.name}"] = lines
    assert not long


def test_statements_are_named_in_graphstore_only():
    names = {
        path.relative_to(ROOT / "cypher").with_suffix("").as_posix() for path in (ROOT / "cypher").rglob("*.cypher")
    }
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for path, tree in python_files("gnn", "web", "commands")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert not found
