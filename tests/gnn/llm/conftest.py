"""Language models at a scripted endpoint."""

import pytest

from gnn.llm import asking
from gnn.llm.budget import Limits
from gnn.llm.language_model import LanguageModel


@pytest.fixture
def short_waits(monkeypatch):
    monkeypatch.setattr(asking, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def model(tmp_path):
    """Makes a model at an endpoint, with a folder of answers that the test's models share."""

    def make(endpoint, name="scripted", key=None, **limits):
        limits = {"concurrency": 1, "timeout_seconds": 5.0, **limits}
        return LanguageModel(endpoint.url, name, tmp_path / "answers", key=key, limits=Limits(**limits))

    return make
