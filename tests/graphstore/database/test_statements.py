import pytest

from graphstore.database import statements
from graphstore.errors import StatementError


def write(folder, name, text):
    path = folder / f"{name}.cypher"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


HEADER = "// Purpose: p\n// Access: read\n// Parameters: {}\n// Returns: nothing\n// Index: none\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(statements, "FOLDER", tmp_path)
    statements.load.cache_clear()
    yield tmp_path
    statements.load.cache_clear()


def test_a_missing_or_undeclared_parameter_is_refused_before_anything_is_sent(folder):
    write(folder, "a/b", HEADER.format("user_id STRING, rows LIST<MAP>") + "UNWIND $rows AS r RETURN $user_id")
    statement = statements.load("a/b")
    statement.check({"user_id": "1", "rows": []})
    with pytest.raises(StatementError, match="missing \\['rows'\\]"):
        statement.check({"user_id": "1"})
    with pytest.raises(StatementError, match="undeclared \\['k'\\]"):
        statement.check({"user_id": "1", "rows": [], "k": 1})


def test_a_header_that_declares_other_parameters_than_are_used_is_refused(folder):
    write(folder, "a/b", HEADER.format("none") + "RETURN $user_id")
    with pytest.raises(StatementError, match="uses \\['user_id'\\]"):
        statements.load("a/b")


def test_a_dollar_in_a_comment_or_a_string_is_no_parameter(folder):
    write(folder, "a/b", HEADER.format("none") + "// about $this, and it's so\nRETURN '$that', \"//$x\" AS y")
    assert statements.load("a/b").parameters == {}


def test_an_incomplete_header_names_the_file_and_the_field(folder):
    write(folder, "a/b", "// Purpose: p\n// Access: read\nRETURN 1")
    with pytest.raises(StatementError, match=r"a/b\.cypher: its header lacks Parameters, Returns, Index"):
        statements.load("a/b")


def test_only_a_relationship_type_can_take_the_placeholders_place(folder):
    write(folder, "a/b", HEADER.format("none") + "MATCH ()-[r:BEHAVIOUR]->() RETURN r.BEHAVIOUR")
    statement = statements.load("a/b")
    assert "[r:RATED]" in statement.for_type("RATED").text
    for bad in ("rated", "A]->() DELETE r //", "", "A-B"):
        with pytest.raises(StatementError):
            statement.for_type(bad)


def test_every_statement_of_the_program_loads():
    assert all(statements.load(name) for name in statements.names())
