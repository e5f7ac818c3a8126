"""GET /openapi.json and the page /docs, whose scripts come from installed packages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, current_app, render_template, send_from_directory

from web.access import public
from web.api.blueprint import answer


def _installed(package: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"The package {package} is not installed; the pages need files from it.")
    return Path(spec.submodule_search_locations[0])


blueprint = Blueprint("openapi", __name__)
SWAGGER = _installed("flask_openapi3_swagger") / "templates" / "swagger"
VIS_NETWORK = _installed("gravis") / "_internal" / "plotting" / "third_party" / "vis-network"
VENDORED = {
    "swagger-ui.css": (SWAGGER / "css", "swagger-ui.css"),
    "swagger-ui.js": (SWAGGER / "js", "swagger-ui-bundle.js"),
    "vis-network.js": (VIS_NETWORK, "vis-network.min.def.js"),
}


@blueprint.get("/openapi.json")
@public
def description() -> Response:
    """The OpenAPI 3.1 description."""
    return answer(current_app.api_doc)  # type: ignore[attr-defined]


@blueprint.get("/docs")
@public
def docs() -> str:
    """The description as a page on which requests can be tried."""
    return render_template("docs.html")


@blueprint.get("/vendor/<name>")
@public
def vendor(name: str) -> Response:
    """A script or style sheet of an installed package; nothing is fetched from elsewhere."""
    folder, file = VENDORED.get(name, (SWAGGER, "no such file"))
    return send_from_directory(folder, file, max_age=86_400)
