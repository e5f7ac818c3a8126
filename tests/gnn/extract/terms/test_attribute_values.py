import pytest

from gnn.extract.terms.attribute_values import attribute_parts, attribute_terms
from graphstore.extract.items import ItemText


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("$25 and more", []),
        ("Under 25 €", []),
        ("32 oz", []),
        ("5 x 7 inch", []),
        ("500 ml", []),
        ("true", []),
        ("XL", []),
        ("B001BKEWF2", []),
        ("https://shop.example/a.jpg", []),
        ("No expiration, no fees.", []),
        ("Shop by price", []),
        ("Shop by price > $25 and more", []),
        ("Home & Kitchen > Bakeware", ["home & kitchen", "bakeware"]),
        ("<span>Tea</span>", ["tea"]),
        ("80s music", ["80s music"]),
        ("Blink-182", ["blink-182"]),
        ("Formula 1", ["formula 1"]),
        ("女装 > 连衣裙", ["女装", "连衣裙"]),
        ("199元", []),
    ],
)
def test_a_value_is_an_interest_by_its_type_and_a_path_by_its_parts(value, names):
    assert [term.name for term in attribute_parts("category", value)] == names


def item(number, *values):
    return ItemText(f"i{number}", "", "", tuple(("category", value) for value in values), None)


def test_numbered_values_are_no_interests_where_they_are_most_of_a_kind():
    codes = [item(n, f"class-{n}") for n in range(10)]
    assert [term.name for term in attribute_terms([*codes, item(11, "tea")])] == ["tea"]
    few = [item(n, f"class-{n}") for n in range(3)]
    assert len(attribute_terms([*few, item(11, "tea")])) == 4


def test_new_values_with_digits_wait_until_all_items_are_read():
    found = attribute_terms([item(1, "class-99", "tea")], part=True)
    assert [term.name for term in found] == ["tea"]


def test_in_a_large_catalogue_a_value_is_of_two_items_at_least():
    items = [item(n, "tea", "once" if n == 1 else "tea") for n in range(500)]
    assert [term.name for term in attribute_terms(items)] == ["tea"]
