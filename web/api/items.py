"""PUT, GET and DELETE of items."""

from __future__ import annotations

from flask import Response

from graphstore.collect.records import Item
from graphstore.profiles import erasure, users_and_items
from web.access import may_read, needs
from web.api.blueprint import answer, either, resource
from web.api.schemas import ItemBody, ItemDocument, ItemPath, WrittenItem
from web.services import graph

blueprint = resource("items", "Items and their text and attributes")


@blueprint.get("/items/<id:item_id>", responses={200: ItemDocument})
def read_item(path: ItemPath) -> Response:
    """An item: text, attributes, interests it is about"""
    return answer(users_and_items.read_item(graph(), path.item_id))


@blueprint.put("/items/<id:item_id>", responses={status: either(ItemDocument, WrittenItem) for status in (200, 201)})
@needs("write")
def put_item(path: ItemPath, body: ItemBody) -> Response:
    """Create an item, or replace its text and attributes

    Answers 201 for a new item, 200 for a known one. The next extract finds its interests, the next update embeds it.
    A key that may not read gets only the id in answer.
    """
    created = users_and_items.put_item(graph(), Item(item_id=path.item_id, **body.model_dump()))
    document = users_and_items.read_item(graph(), path.item_id) if may_read() else {"item_id": path.item_id}
    return answer(document, 201 if created else 200)


@blueprint.delete("/items/<id:item_id>", responses={200: {"description": "Counts of what was removed"}})
@needs("admin")
def delete_item(path: ItemPath) -> Response:
    """Erase an item and every event on it"""
    return answer({"item_id": path.item_id, "removed": erasure.delete_item(graph(), path.item_id)})
