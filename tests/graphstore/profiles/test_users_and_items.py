"""What an answer says of an item can be written as JSON."""

import json
import math
from types import SimpleNamespace

from graphstore.profiles.users_and_items import read_item


def test_a_stored_number_that_json_does_not_have_is_read_as_null():
    row = {"attributes": [], "properties": [["own_a", math.inf], ["own_b", [1.5, math.nan]], ["own_c", 2.5]]}
    item = read_item(SimpleNamespace(read=lambda *_, **__: [row]), "i")
    assert item["properties"] == {"a": None, "b": [1.5, None], "c": 2.5}
    json.dumps(item, allow_nan=False)
