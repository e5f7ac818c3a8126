"""Keys are verified against the graph, and valid ones are cached for a short time only."""

import pytest

from graphstore.administration.keys import CACHE_SECONDS, KeyRing, create_key, revoke_key


@pytest.fixture
def reads(client, monkeypatch):
    """The statements that the client reads, in order."""
    names = []
    read = type(client).read

    def counting(self, statement, **parameters):
        names.append(statement)
        return read(self, statement, **parameters)

    monkeypatch.setattr(type(client), "read", counting)
    return names


def test_a_valid_key_is_read_once_until_the_cache_expires(client, reads):
    seconds = [0.0]
    ring, key = KeyRing(client, timer=lambda: seconds[0]), create_key(client, "shop", ["read"])
    reads.clear()
    for now, expected in ((0.0, 1), (CACHE_SECONDS - 0.1, 1), (CACHE_SECONDS + 0.1, 2)):
        seconds[0] = now
        assert ring.verify(key).name == "shop"
        assert reads == ["administration/find_key"] * expected


def test_an_invalid_key_is_not_cached_and_works_as_soon_as_it_exists(client, reads):
    ring = KeyRing(client)
    assert ring.verify("ig_nothing") is None and ring.verify("ig_nothing") is None
    assert len(reads) == 2
    assert ring.verify(create_key(client, "shop", ["read"])).allows("read")


def test_a_revoked_key_is_refused_by_a_new_ring_at_once(client):
    key = create_key(client, "shop", ["read"])
    revoke_key(client, "shop")
    assert KeyRing(client).verify(key) is None
