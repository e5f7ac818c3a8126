"""The graph that followers work on."""

import pytest

from gnn.extract.stage import extract
from gnn.update.stage import update
from graphstore.build.stage import build
from tests.fixtures.films import QUICK, CountingEncoder, club
from tests.fixtures.storing import store


@pytest.fixture
def prepared(client, settings, tmp_path):
    """A graph after all stages."""
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    update(client, settings, full=True, **QUICK)
    return client
