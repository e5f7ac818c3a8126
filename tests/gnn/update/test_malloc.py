import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from gnn.update.malloc import keep_memory

# Page faults of the last ten of twenty times in which 64 MB are allocated, filled and freed: 15,625 pages each.
FAULTS = """
import resource, sys
import torch
from gnn.update.malloc import keep_memory
if sys.argv[1] == "kept":
    assert keep_memory()
for number in range(20):
    if number == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(16_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how):
    command = [sys.executable, "-c", FAULTS, how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    return int(done.stdout)


def has_glibc():
    try:
        return bool(ctypes.CDLL("libc.so.6").mallopt)
    except (OSError, AttributeError):
        return False


@pytest.mark.skipif(not has_glibc(), reason="needs glibc")
def test_large_arrays_reuse_the_memory_of_those_before():
    assert faults("kept") < 1_000 < 100_000 < faults("as it is")


@pytest.mark.parametrize("missing", [OSError, AttributeError])
def test_another_c_library_is_left_alone(monkeypatch, missing):
    def none(_):
        raise missing

    monkeypatch.setattr(ctypes, "CDLL", none)
    assert keep_memory() is False
