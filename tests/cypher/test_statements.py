"""Every statement file keeps its contract: header, parameters, access, and a plan without surprises."""

import re
from pathlib import Path

import pytest

from graphstore.database import statements

ROOT = Path(__file__).parents[2]
PLANTED = Path(__file__).with_name("plant_graph.cypher").read_text(encoding="utf-8")
RESAMPLE = Path(__file__).with_name("resample_statistics.cypher").read_text(encoding="utf-8")

NAMES = statements.names()
NEVER = {"AllNodesScan", "CartesianProduct"}
ONE_ROW = {
    "NodeCountFromCountStore",
    "RelationshipCountFromCountStore",
    "NodeUniqueIndexSeek",
    "NodeUniqueIndexSeek(Locking)",
    "AssertingMultiNodeIndexSeek",
    "Argument",
}
SCANS = {"NodeByLabelScan", "UnionNodeByLabelsScan", "DirectedAllRelationshipsScan", "UndirectedAllRelationshipsScan"}
WRITES = re.compile(
    r"Create|Merge|Delete|^Set(?!Operator)|Remove|Foreach|EmptyResult.*Update|LockingMerge|TransactionForeach|TransactionApply"
)
WRITING_PROCEDURES = re.compile(r"\b(db\.create|apoc\.(create|merge|refactor))\.", re.IGNORECASE)
STATEMENT_TEXT = re.compile(
    r"(MATCH|MERGE|CREATE)\s*\(|UNWIND\s+\$|DETACH\s+DELETE|CALL\s+db\.|CREATE\s+(VECTOR\s+|FULLTEXT\s+)?INDEX|CREATE\s+CONSTRAINT"
)


def operators(plan):
    """Every operator of a plan, without the runtime's suffix; a product of single rows does not count as a product."""
    name = operator(plan)
    if name != "CartesianProduct" or not all(one_row(side) for side in plan["children"]):
        yield name
    for child in plan.get("children", ()):
        yield from operators(child)


def operator(plan):
    """The name of a plan's last operator."""
    return plan["operatorType"].split("@")[0]


def one_row(plan):
    """Whether a plan gives at most one row for each of its arguments: nodes by unique keys, or a total of all rows."""
    children = plan.get("children", [])
    if operator(plan) == "EagerAggregation" and plan["args"]["EstimatedRows"] == 1.0:
        return True
    return all(one_row(child) for child in children) if children else operator(plan) in ONE_ROW


def explain(client, statement):
    """The operators by which Neo4j would run a statement; a behaviour placeholder stands for RATED."""
    if statements.PLACEHOLDER.search(statement.text):
        statement = statement.for_type("RATED")
    given = {name: example(kind) for name, kind in statement.parameters.items()}
    with client._session() as session:
        return set(operators(session.run(f"EXPLAIN {statement.text}", given).consume().plan))


def example(kind):
    """A value of a declared type: the planner only needs its type."""
    if kind.startswith("LIST"):
        return []
    return {"INTEGER": 1, "FLOAT": 1.0, "STRING": "x", "BOOLEAN": True, "MAP": {}}.get(kind)


@pytest.mark.parametrize("name", NAMES)
def test_a_header_is_complete_and_declares_the_parameters_used(name):
    statement = statements.load(name)
    types = [*statement.parameters.values(), *statement.columns.values()]
    assert all(types), f"{name}: a parameter or column has no type"
    assert re.fullmatch(r"[a-z_]+(/[a-z_]+)?/[a-z0-9]+(_[a-z0-9]+)+", name), (
        f"{name}: expected folder/verb_noun or folder/folder/verb_noun"
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("recommend/")])
def test_an_answer_needs_few_plans(name):
    """Neo4j makes a plan, which takes some tenths of a second, for each combination of the lengths of lists that are
    parameters, by powers of ten."""
    lists = [kind for kind in statements.load(name).parameters.values() if kind.startswith("LIST")]
    assert len(lists) <= 2, f"{name}: put the lists into one map"


@pytest.mark.parametrize("name", [name for name in NAMES if "BEHAVIOUR {event_id:" in statements.load(name).text])
def test_a_lookup_of_events_by_id_names_its_index(name):
    """While the index has no statistics yet, Neo4j may plan to scan it for each id: minutes for a batch."""
    text = statements.load(name).text
    assert len(re.findall(r"MATCH .*BEHAVIOUR \{event_id:.*\n *USING INDEX SEEK r:BEHAVIOUR\(event_id\)", text)) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_statement_outside_the_schema_is_one_statement(name):
    if not re.match(r"schema/\d", name):
        assert len(statements.split(statements.load(name).text)) == 1


def test_every_plan_is_free_of_undeclared_scans_and_does_what_access_says(client):
    client.run_text(PLANTED)
    client.run_text(RESAMPLE)
    problems = []
    for name in NAMES:
        statement = statements.load(name)
        if statement.access == "schema":
            continue
        found = explain(client, statement)
        problems += [f"{name}: {bad}" for bad in sorted(found & NEVER)]
        if statement.scan is None:
            problems += [f"{name}: {bad} without a line `// Scan: why`" for bad in sorted(found & SCANS)]
        written = sorted(o for o in found if WRITES.search(o))
        if statement.access == "read" and (written or WRITING_PROCEDURES.search(statements.body(statement.text))):
            problems.append(f"{name}: declared read, but has {written or 'a writing procedure'}")
        if (
            statement.access == "write"
            and not written
            and not WRITING_PROCEDURES.search(statements.body(statement.text))
        ):
            problems.append(f"{name}: declared write, but writes nothing")
    assert not problems, "\n" + "\n".join(problems)


def test_the_declared_columns_are_those_returned(client):
    problems = []
    for name in NAMES:
        statement = statements.load(name)
        if statement.access != "read":
            continue
        text = statement.for_type("RATED").text if statements.PLACEHOLDER.search(statement.text) else statement.text
        with client._session() as session:
            given = {key: example(kind) for key, kind in statement.parameters.items()}
            returned = list(session.run(f"EXPLAIN {text}", given).keys())
        if returned != list(statement.columns):
            problems.append(f"{name}: declares {list(statement.columns)}, returns {returned}")
    assert not problems, "\n" + "\n".join(problems)


def test_no_statement_text_stands_in_a_python_file():
    files = [ROOT / "interestgraph.py"]
    for folder in ("commands", "graphstore", "gnn", "web", "benchmarks", "docs"):
        files += (ROOT / folder).rglob("*.py")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if STATEMENT_TEXT.search(line) and "re.compile" not in line
    ]
    assert not found, "\n" + "\n".join(found)
