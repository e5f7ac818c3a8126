"""Configuration of the managed Neo4j: settings, memory, ports and password, written before it starts."""

from __future__ import annotations

import hashlib
import random
import re
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from graphstore.database.disk import written_whole
from graphstore.errors import ServerError

USERNAME = "neo4j"
HOST = "127.0.0.1"
PORTS = range(20_000, 30_000)
PORT_SECONDS = 2.0
PASSWORD_BYTES = 24
PASSWORD_ITERATIONS = 1024
USER_SETTINGS = "neo4j-settings.conf"
JAVA_OPTION = "server.jvm.additional"
MIB = 1024 * 1024
JAVA_OPTIONS = (
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "-Dfile.encoding=UTF-8",
    "-XX:+UseG1GC",
    "-XX:+ExitOnOutOfMemoryError",
)


@dataclass(frozen=True)
class MemorySettings:
    """What the Java heap and Neo4j's page cache may take, as Neo4j writes sizes: "512m", "2g"."""

    heap: str
    page_cache: str


def fitting_memory() -> MemorySettings:
    """A modest share of this machine: one eighth of its memory at most for either, between 256 MiB and 1 GiB."""
    mebibytes = min(max(psutil.virtual_memory().total // MIB // 8, 256), 1024)
    return MemorySettings(heap=f"{mebibytes}m", page_cache=f"{mebibytes}m")


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback interface now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(remembered: int | None, taken: set[int]) -> int:
    """The remembered port if it is still free, else another free one that is not in `taken`.

    A server that was just killed holds its port a moment longer, so a remembered port is worth a short wait.

    Raises:
        ServerError: none was found.
    """
    if remembered and remembered not in taken:
        deadline = time.monotonic() + PORT_SECONDS
        while time.monotonic() < deadline:
            if port_is_free(remembered):
                return remembered
            time.sleep(0.1)
    for port in random.sample(PORTS, 200):
        if port not in taken and port_is_free(port):
            return port
    raise ServerError(f"No free port between {PORTS.start} and {PORTS.stop} on {HOST}.")


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    with written_whole(path, private=True) as file:
        file.write(text)


def ensure_password(folder: Path) -> str:
    """The server's password: read from `<folder>/password`, or made at random before Neo4j's first start.

    Neo4j gets its salted hash in `data/dbms/auth.ini`, the file that `neo4j-admin dbms set-initial-password` writes;
    that saves starting a second JVM, and the password never stands on a command line.

    Raises:
        ServerError: there is data, but its password is gone.
    """
    path = folder / "password"
    if path.is_file():
        return path.read_text(encoding="utf-8").strip()
    if (folder / "data" / "databases" / "system").exists():
        raise ServerError(
            f"{path} is gone, but {folder / 'data'} holds a graph that was made with it. Put the file back; or, "
            f"to begin with an empty graph, move {folder} away."
        )
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    initial = folder / "data" / "dbms" / "auth.ini"
    initial.parent.mkdir(parents=True, exist_ok=True)
    write_private(initial, f"{USERNAME}:{_credential(password)}:\n")
    write_private(path, password + "\n")
    return password


def _credential(password: str) -> str:
    salt = secrets.token_bytes(32)
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(PASSWORD_ITERATIONS - 1):
        digest = hashlib.sha256(digest).digest()
    return f"SHA-256,{digest.hex().upper()},{salt.hex().upper()},{PASSWORD_ITERATIONS}"


def server_settings(bolt_port: int, http_port: int, memory: MemorySettings) -> dict[str, str]:
    """Neo4j's settings, by their names in neo4j.conf: loopback only, short logs, nothing sent anywhere, and no file or
    address read by LOAD CSV."""
    return {
        "server.default_listen_address": HOST,
        "server.default_advertised_address": HOST,
        "server.bolt.enabled": "true",
        "server.bolt.listen_address": f"{HOST}:{bolt_port}",
        "server.bolt.advertised_address": f"{HOST}:{bolt_port}",
        "server.http.enabled": "true",
        "server.http.listen_address": f"{HOST}:{http_port}",
        "server.http.advertised_address": f"{HOST}:{http_port}",
        "server.https.enabled": "false",
        "server.memory.heap.initial_size": memory.heap,
        "server.memory.heap.max_size": memory.heap,
        "server.memory.pagecache.size": memory.page_cache,
        "db.tx_log.rotation.retention_policy": "100M size",
        "db.tx_log.rotation.size": "32M",
        "db.tx_log.preallocate": "false",
        "db.logs.query.enabled": "OFF",
        "db.transaction.timeout": "1h",
        "dbms.usage_report.enabled": "false",
        "client.allow_telemetry": "false",
        "dbms.security.auth_enabled": "true",
        "dbms.security.allow_csv_import_from_file_urls": "false",
        "internal.dbms.cypher_ip_blocklist": "0.0.0.0/0,::/0",
    }


def read_user_settings(folder: Path) -> tuple[dict[str, str], list[str]]:
    """What a person put into `<folder>/neo4j-settings.conf`, which wins over the settings above.

    Returns:
        Neo4j's settings, and the Java options (lines `server.jvm.additional=...`, of which there may be several).
    Raises:
        ServerError: a line is neither a comment nor `name=value`, or changes where the server listens.
    """
    path = folder / USER_SETTINGS
    settings: dict[str, str] = {}
    java_options: list[str] = []
    if not path.is_file():
        return settings, java_options
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not re.fullmatch(r"[a-z][\w.]*", name):
            raise ServerError(f"{path}, line {number}: {line[:80]!r} is not of the form name=value.")
        if "listen_address" in name or "advertised_address" in name:
            raise ServerError(f"{path}, line {number}: {name} is chosen by the managed server; remove the line.")
        if name == JAVA_OPTION:
            java_options.append(value)
        else:
            settings[name] = value
    return settings, java_options


def write_configuration(
    folder: Path, bolt_port: int, http_port: int, memory: MemorySettings, once: dict[str, str] | None = None
) -> list[str]:
    """Write `<folder>/conf/neo4j.conf` and return the Java options that go with it. once: settings of this start."""
    own, java_options = read_user_settings(folder)
    settings = server_settings(bolt_port, http_port, memory) | own | (once or {})
    lines = [f"# Written at every start. Put your own settings into {folder / USER_SETTINGS}."]
    lines += [f"{name}={value}" for name, value in settings.items()]
    conf = folder / "conf"
    conf.mkdir(exist_ok=True)
    (conf / "neo4j.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    initial, largest = settings["server.memory.heap.initial_size"], settings["server.memory.heap.max_size"]
    return [*JAVA_OPTIONS, f"-Xms{initial}", f"-Xmx{largest}", *java_options]
