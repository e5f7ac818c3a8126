"""The wheel carries the whole house: every statement file, and nothing that is only for building it."""

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
        "server_start",
        "latency",
        "demo",
        "worlds/generator",
        "load/prepare",
        "live",
        "stream",
        "adaptation",
        "extraction",
        "recovery",
        "generative_calls",
    ],
)
def test_a_benchmark_explains_itself(name):
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0 and "usage:" in done.stdout, done.stderr
