"""PUT, GET and DELETE of items."""

from __future__ import annotations

from flask import Response

from graphstore.collect.records import Item
from graphstore.profiles import erasure, users_and_items
from web.access import needs
from web.api.blueprint import answer, resource
from web.api.schemas import ItemBody, ItemDocument, ItemPath
from web.services import graph

blueprint = resource("items", "Items and their text and attributes")


@blueprint.get("/items/<id:item_id>", responses={200: ItemDocument})
def read_item(path: ItemPath) -> Response:
    """An item: text, attributes, interests it is about"""
    return answer(users_and_items.read_item(graph(), path.item_id))


@blueprint.put("/items/<id:item_id>", responses={200: ItemDocument, 201: ItemDocument})
@needs("write")
def put_item(path: ItemPath, body: ItemBody) -> Response:
    """Create an item, or replace its text and attributes

    Answers 201 for a new item, 200 for a known one. The next extract finds its interests, the next update embeds it.
    """
    created = users_and_items.put_item(graph(), Item(item_id=path.item_id, **body.model_dump()))
    return answer(users_and_items.read_item(graph(), path.item_id), 201 if created else 200)


@blueprint.delete("/items/<id:item_id>", responses={200: {"description": "Counts of what was removed"}})
@needs("admin")
def delete_item(path: ItemPath) -> Response:
    """Erase an item and every event on it"""
    return answer({"item_id": path.item_id, "removed": erasure.delete_item(graph(), path.item_id)})
