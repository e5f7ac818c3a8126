"""The table of kinds of behaviour: what a TOML file may change, and what it is told where it can't be used."""

import re

import pytest

from graphstore.errors import InputError
from graphstore.kinds import KINDS, RESERVED_TYPES, read_kinds


def kinds_of(folder, text):
    path = folder / "kinds.toml"
    path.write_text(text, encoding="utf-8")
    return read_kinds(path)


def test_a_table_changes_what_it_names_and_leaves_the_rest(tmp_path):
    kinds = kinds_of(tmp_path, "[rate]\nlowest = 1\nhighest = 5\n[bookmark]\nweight = 0.8\n")
    assert (kinds["rate"].lowest, kinds["rate"].highest) == (1, 5)
    assert (kinds["rate"].type, kinds["rate"].weight) == ("RATED", KINDS["rate"].weight)
    assert not kinds["bookmark"].text and kinds["bookmark"].item
    assert (kinds["bookmark"].type, kinds["bookmark"].half_life_days) == ("BOOKMARK", 180)
    assert kinds["view"] == KINDS["view"] and read_kinds(None) == KINDS


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[rate]\nhigest = 5",
            "there is no setting 'higest'; known: type, weight, half_life_days, lowest, highest, text, item",
        ),
        ("rate = 5", "expected a table [kind], not rate = 5"),
        ("[rate]\nweight = '1'", "weight must be a number between -1e+12 and 1e+12, not '1'"),
        ("[rate]\nweight = nan", "weight must be a number between -1e+12 and 1e+12, not nan"),
        ("[rate]\nhighest = true", "highest must be a number between -1e+12 and 1e+12, not True"),
        ("[rate]\nlowest = 5\nhighest = 1", "lowest, 5, is above highest, 1"),
        ("[rate]\nhalf_life_days = 0", "half_life_days must be above 0, not 0"),
        ("[rate]\ntype = 5", "type must be text, not 5"),
        ("[mark]\ntype = 'mark'", "type must be upper case, like BOOKMARKED, and none of the graph's own, not 'mark'"),
        ("[mark]\ntype = 'CORRECTED'", "none of the graph's own, not 'CORRECTED'"),
        ("[rate]\ntext = 1", "text must be true or false, not 1"),
        ("[rate]\nitem = 'no'", "item must be true or false, not 'no'"),
        (
            "[ask]\nitem = false",
            "item = false needs text = true: an event without an item is a search, which is a text",
        ),
        ("[mark]\ntype = 'FINDS'", "none of the graph's own, not 'FINDS'"),
        ("[mark]\ntype = 'VIEWED'", "type 'VIEWED' is that of kind 'view' already"),
    ],
)
def test_what_can_not_be_used_is_named_with_the_file_and_the_kind(tmp_path, text, problem):
    with pytest.raises(InputError, match=rf"kinds\.toml: kind '\w+': .*{re.escape(problem)}"):
        kinds_of(tmp_path, text)


def test_a_file_that_is_not_toml_is_named(tmp_path):
    with pytest.raises(InputError, match=r"kinds\.toml: the table of kinds can't be read"):
        kinds_of(tmp_path, "[rate")
    with pytest.raises(InputError, match=r"none\.toml"):
        read_kinds(tmp_path / "none.toml")


def test_every_range_is_finite_and_every_type_its_own():
    assert all(-1e12 <= kind.lowest < kind.highest <= 1e12 for kind in KINDS.values())
    assert len({kind.type for kind in KINDS.values()}) == len(KINDS)
    assert not RESERVED_TYPES & {kind.type for kind in KINDS.values()}
