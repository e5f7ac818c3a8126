"""The documents match the repository: the commands, files and names they give exist; the README is short."""

import re
import shlex
from pathlib import Path

import click
import pytest

from graphstore.collect.records import KIND_ALIASES, RECORDS
from graphstore.kinds import KINDS, SETTINGS, read_kinds
from interestgraph import main

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md",
    "docs/architecture.md",
    "docs/neo4j.md",
    "docs/neo4j-browser.md",
    "docs/http.md",
    "docs/admin.md",
    "docs/models.md",
    "docs/generative.md",
    "docs/following.md",
    "docs/evaluation.md",
    "docs/figures.md",
    "docs/mutation.md",
)
MOST_LINES, MOST_LETTERS, MOST_FIGURES = 120, 160, 8
PATH = re.compile(r"`((?:\w+/)+[\w.-]*)`")
NAME = re.compile(r"`([\w.]+)`")


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def section(text, title):
    """The lines under one heading of a document."""
    return text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0].splitlines()


def typed():
    """(document, command line) of every `interestgraph …` in a block of shell commands."""
    for name in DOCUMENTS:
        for block in re.findall(r"```(?:sh|bash|console)?\n(.*?)```", text_of(name), re.DOTALL):
            for line in block.splitlines():
                for found in re.findall(r"(?:^|[\s(&;/])interestgraph ([a-z][^|;&)#\n]*)", line):
                    yield name, found.strip()


def listed():
    """(README.md, command line) of every command in its table of commands, without the brackets of options."""
    for row in section(text_of("README.md"), "Commands"):
        if row.startswith("| `"):
            for found in re.findall(r"`([^`]*)`", row.replace("\\|", " ").split(" | ")[0]):
                yield "README.md", found.replace("[", "").replace("]", "")


def places():
    """(what to change, files and folders, names to look for) of every row of the tables "to change, go to"."""
    tables = text_of("docs/architecture.md").split("| to change | go to | look for |")[1:]
    for table in tables:
        for row in table.split("\n\n", 1)[0].splitlines()[2:]:
            what, where, *names = [cell.strip() for cell in row.strip("|").split("|")]
            yield what, [ROOT / path for path in PATH.findall(" ".join([where, *names]))], NAME.findall(names[0])


@pytest.mark.parametrize(("document", "line"), sorted({*typed(), *listed()}))
def test_a_command_in_the_documents_exists_with_its_options(document, line):
    words = shlex.split(line)
    command: click.Command = main
    while words and isinstance(command, click.Group):
        name = words.pop(0)
        assert name in command.commands, f"{document}: there is no command {line!r}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.split("=")[0] for word in words if word.startswith("-") and word != "-"} <= known


def test_every_command_stands_in_the_readme():
    text = text_of("README.md")
    assert [name for name in main.commands if f"`{name}" not in text] == []


def test_every_page_is_looked_at_here_and_the_readme_leads_to_it():
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert pages == {name for name in DOCUMENTS if name.startswith("docs/")}
    assert [page for page in sorted(pages) if f"({page}" not in text_of("README.md")] == []


def test_the_readme_is_short():
    lines = text_of("README.md").splitlines()
    assert len(lines) <= MOST_LINES
    assert [line for line in lines if len(line) > MOST_LETTERS] == []


def test_the_readme_shows_few_figures_each_on_a_line_with_its_command():
    figures = [line for line in section(text_of("README.md"), "Figures") if line.startswith("- ")]
    assert 0 < len(figures) <= MOST_FIGURES
    assert [line for line in figures if not re.search(r"\(`benchmarks/\w+\.py[^`]*`\)$", line)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_link_to_another_page_leads_to_a_heading_there(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(document)):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / document).parent / file if file else ROOT / document
        assert path.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_benchmark_that_a_document_names_exists(document):
    named = set(re.findall(r"benchmarks/[\w/]+\.py", text_of(document)))
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
    bare = re.findall(
        r"(?<![\w/])(?:quality|ablation|live|latency|stream|recovery|adaptation|drift)\.py", text_of(document)
    )
    assert bare == []  # with its folder, so that it can be typed


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_file_or_folder_that_a_document_names_exists(document):
    rooms = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir())
    named = {path for path in PATH.findall(text_of(document)) if path.startswith(rooms)}
    found = {path: [path, f"cypher/{path}.cypher", f"cypher/{path}"] for path in named}
    assert [path for path, places in sorted(found.items()) if not any((ROOT / p).exists() for p in places)] == []


def test_the_architecture_names_every_room():
    text = text_of("docs/architecture.md")
    rooms = [path.name for package in ("graphstore", "gnn", "web") for path in (ROOT / package).iterdir()]
    rooms = [name.removesuffix(".py") for name in rooms if not name.startswith(("_", "."))]
    assert [name for name in rooms if not re.search(rf"\b{name}\b", text)] == []


def test_what_to_look_for_stands_in_the_files_to_go_to():
    lost = []
    for what, paths, names in places():
        files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*.py"))]
        texts = [file.read_text(encoding="utf-8") for file in files]
        wanted = [name.split(".")[-1] for name in names] if files else []
        lost += [(what, name) for name in wanted if not any(re.search(rf"\b{name}\b", text) for text in texts)]
    assert lost == []
    assert len(list(places())) > 50


def test_the_example_of_more_kinds_of_behaviour_can_be_used(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", text_of("docs/admin.md"), re.DOTALL)
    (tmp_path / "kinds.toml").write_text(example, encoding="utf-8")
    kinds = read_kinds(tmp_path / "kinds.toml")
    assert kinds.keys() - KINDS.keys() == {"bookmark"} and kinds["view"].weight != KINDS["view"].weight


def rows_of(text, title):
    """The cells of every row of the tables under a heading, of whatever depth."""
    part = re.split(rf"^#+ {title}\n", text, maxsplit=1, flags=re.MULTILINE)[1]
    lines = re.split(r"^#+ ", part, maxsplit=1, flags=re.MULTILINE)[0].splitlines()
    return [re.split(r"(?<!\\)\|", line.strip("|")) for line in lines if line.startswith("| ")]


@pytest.mark.parametrize(
    ("title", "what"), [("Events", ["events"]), ("Items", ["items"]), ("Users and ties", ["users", "ties"])]
)
def test_every_column_of_a_file_stands_in_a_table(title, what):
    rows = rows_of(text_of("docs/admin.md"), title)
    named = [set(NAME.findall("".join(cells[:-1]))) for cells in rows]
    assert set().union(*named) == {name for one in what for name in RECORDS[one].model_fields}


def test_the_table_of_kinds_is_that_of_the_code():
    power = {10.0**12: "±10^12", 1000.0: "±1000"}
    rows = {
        tuple(cell.strip(" `") for cell in cells) for cells in rows_of(text_of("docs/admin.md"), "Kinds of behaviour")
    }
    for kind in KINDS.values():
        assert kind.lowest == -kind.highest
        text, item = ("yes" if flag else "no" for flag in (kind.text, kind.item))
        value = power[kind.highest] if kind.item else "none"
        assert (kind.name, kind.type, f"{kind.weight:g}", f"{kind.half_life_days:g}", value, text, item) in rows
    text = text_of("docs/admin.md")
    assert [key for key in SETTINGS if f"`{key}`" not in text] == []
    assert [name for name in KIND_ALIASES if f"`{name}`" not in text] == []


def written_properties():
    """(label or type, property) of what the statements write, where a statement shows the label of the variable."""
    for path in sorted((ROOT / "cypher").rglob("*.cypher")):
        text = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
        labels = dict(reversed(re.findall(r"[(\[](\w+):(\w+)[ ){\]]", text)))
        for body in re.findall(
            r"\bSET\b(.*?)(?=\b(?:ON|WITH|RETURN|UNWIND|MATCH|CALL|DELETE|MERGE|CREATE|REMOVE)\b|\Z)", text, re.S
        ):
            for variable, name in re.findall(r"(?:\A\s*|,\s+)(\w+)\.(\w+)\s*=(?!=)", body):
                if variable in labels:
                    yield labels[variable], name
        for label, properties in re.findall(r"\b(?:MERGE|CREATE) (?:\(\w*\)-)?[(\[]\w*:(\w+) ?\{([^}]*)\}", text):
            yield from ((label, name) for name in re.findall(r"(?:^|,)\s*(\w+):", properties))


def test_what_the_statements_write_stands_in_the_tables_of_the_graph():
    described = {}
    label = ""
    for title in ("Nodes", "Relationships"):
        for cells in rows_of(text_of("docs/neo4j.md"), title):
            label = cells[0] if cells[0].strip() else label
            for name in NAME.findall(label) or ["User", "Item"]:
                described.setdefault(name, set()).update(NAME.findall("".join(cells[1:3])))
    described["BEHAVIOUR"] = described["RATED"]
    found = set(written_properties())
    assert [(one, name) for one, name in sorted(found) if name not in described[one]] == []
    assert len(found) > 100
    indexed = re.findall(r"n\.(\w+)", " ".join(path.read_text() for path in (ROOT / "cypher/schema").glob("0*.cypher")))
    assert set(indexed) <= set().union(*described.values())
