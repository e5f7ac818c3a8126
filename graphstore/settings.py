"""Settings: how Neo4j is reached, and the folder of the program's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_data_path

from graphstore.errors import InputError

OLDEST_NEO4J = (5, 26)
DEFAULT_NEO4J_VERSION = "5.26.28"


@dataclass(frozen=True)
class Settings:
    """Connection and folders, read once from the environment by the command line or `create_app`.

    home: folder of the managed server's data, the caches and the trained models.
    neo4j_uri: None for the managed local server.
    neo4j_version: of the managed server.
    kinds_file: TOML table of kinds of behaviour; the built-in ones where None.
    """

    home: Path
    neo4j_uri: str | None = None
    neo4j_username: str = "neo4j"
    neo4j_password: str | None = field(default=None, repr=False)
    neo4j_database: str | None = None
    neo4j_version: str = DEFAULT_NEO4J_VERSION
    kinds_file: Path | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read NEO4J_URI, NEO4J_USERNAME, NEO4J_PASSWORD, NEO4J_DATABASE and INTERESTGRAPH_*.

        Raises:
            InputError: NEO4J_URI without NEO4J_PASSWORD.
        """
        uri = environ.get("NEO4J_URI") or None
        password = environ.get("NEO4J_PASSWORD") or None
        if uri and password is None:
            raise InputError("NEO4J_URI is set but NEO4J_PASSWORD is not: set both, or neither for the managed server.")
        home = environ.get("INTERESTGRAPH_HOME")
        kinds = environ.get("INTERESTGRAPH_KINDS")
        return cls(
            home=Path(home).expanduser().absolute() if home else user_data_path("interestgraph", appauthor=False),
            neo4j_uri=uri,
            neo4j_username=environ.get("NEO4J_USERNAME") or "neo4j",
            neo4j_password=password,
            neo4j_database=environ.get("NEO4J_DATABASE") or None,
            neo4j_version=environ.get("INTERESTGRAPH_NEO4J_VERSION") or DEFAULT_NEO4J_VERSION,
            kinds_file=Path(kinds).expanduser().absolute() if kinds else None,
        )

    @property
    def models(self) -> Path:
        """Folder of trained weights, one file a version."""
        return self.home / "models"

    @property
    def cache(self) -> Path:
        """Folder of content-keyed caches; safe to delete."""
        return self.home / "cache"
