"""A smaller stand-in for the default encoder."""

import pytest

from gnn.encoders.sentence import SentenceEncoder


@pytest.fixture(scope="session")
def two_layers(tmp_path_factory):
    """The folder of the default encoder cut to two of its six layers: words keep their meaning, and it is faster."""
    folder = tmp_path_factory.mktemp("encoder") / "two-layers"
    sentences = SentenceEncoder().load()
    model = sentences[0].model
    model.encoder.layer = model.encoder.layer[:2]
    model.config.num_hidden_layers = 2
    sentences.save(str(folder))
    return str(folder)
