"""POST /v1/events: behaviour, one event or up to 1,000."""

from __future__ import annotations

from flask import Response
from werkzeug.exceptions import UnprocessableEntity

from graphstore.collect.store import collect_events
from web.access import needs
from web.api.blueprint import answer, resource
from web.api.schemas import Accepted, EventsBody
from web.services import services

blueprint = resource("events", "Behaviour as it happens")


@blueprint.post("/events", responses={202: Accepted})
@needs("write")
def add_events(body: EventsBody) -> Response:
    """Store events, each exactly once by its event_id

    A bad event is rejected alone, with its index and the reason. Sending the same events again changes nothing.
    """
    found = services()
    rows = body.root if isinstance(body.root, list) else [body.root]
    if len(rows) > found.config.max_events:
        raise UnprocessableEntity(
            f"{len(rows):,} events in one call; at most {found.config.max_events:,}: send them in several calls."
        )
    counts = collect_events(found.client, rows)
    rejected = [{"index": index, "reason": reason} for index, reason in counts.rejected]
    found.metrics.events(counts.created, counts.duplicate, len(rejected))
    return answer({"accepted": counts.created, "duplicates": counts.duplicate, "rejected": rejected}, 202)
