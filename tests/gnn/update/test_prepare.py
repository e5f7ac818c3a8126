"""What a training asks of the graph before it begins."""

import pytest

from gnn.update.prepare import check_built
from graphstore.database.runs import run
from graphstore.errors import NotReady
from graphstore.popularity import WINDOWS


def test_weights_are_not_learned_on_a_build_that_counted_popularity_in_other_windows(client):
    check_built(client)  # nothing was built: there is no popularity
    with run(client, "build"):
        pass
    with pytest.raises(NotReady, match="interestgraph build"):
        check_built(client)
    with run(client, "build") as current:
        current.counts["popularity_windows"] = list(WINDOWS)
    check_built(client)
