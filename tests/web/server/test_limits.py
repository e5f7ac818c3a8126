"""Room for connections, as far as the process may open files."""

from __future__ import annotations

import resource

from web.server.limits import SPARE_FILES, room_for


def test_the_limit_of_open_files_is_raised_or_the_room_is_smaller(monkeypatch):
    raised = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: raised.append(limits))
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 20_000))
    assert room_for(4000) == 4000 and raised == [(4000 + SPARE_FILES, 20_000)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 2048))
    assert room_for(4000) == 2048 - SPARE_FILES
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert room_for(4000) == 4000
