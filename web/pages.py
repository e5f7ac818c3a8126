"""HTML pages: log-in, search, a user with interests and recommendations, an item, live changes, the dashboard."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for

from graphstore.errors import InputError
from graphstore.profiles import exploration, interests, users_and_items
from graphstore.recommend import stage
from web.access import COOKIE, begin_session, count_failure, end_session, public, require_same_origin
from web.presentation import bars, chips, grouped, run_counts, unshown
from web.services import graph, services

blueprint = Blueprint("pages", __name__)
RECOMMENDED = 10


@blueprint.get("/login")
@public
def login() -> str:
    """The form to log in with an API key."""
    return render_template("login.html", next=_local(request.args.get("next")))


@blueprint.post("/login")
@public
def log_in() -> Response | tuple[str, int]:
    """Begin a session with a valid key."""
    require_same_origin()
    target = _local(request.form.get("next"))
    key = services().keys.verify(request.form.get("key", "").strip())
    if key is None:
        count_failure()
        message = "This key is unknown or was revoked."
        return render_template("login.html", next=target, message=message), 401
    response: Response = redirect(target)  # type: ignore[assignment]
    begin_session(response, key)
    return response


@blueprint.post("/logout")
@public
def log_out() -> Response:
    """End the session."""
    require_same_origin()
    response: Response = redirect(url_for("pages.login"))  # type: ignore[assignment]
    end_session(response)
    return response


@blueprint.app_context_processor
def whether_logged_in() -> dict[str, bool]:
    """For the templates: whether the browser has a session, which may have ended."""
    return {"logged_in": COOKIE in request.cookies}


@blueprint.get("/")
def home() -> str | Response:
    """Search users by the beginning of their id, and items by words."""
    prefix = request.args.get("user", "").strip()[:512]
    words = request.args.get("item", "").strip()[:200]
    users = exploration.find_users(graph(), prefix) if prefix else exploration.list_active_users(graph())
    items = exploration.find_items(graph(), words) if words else []
    return render_template("home.html", prefix=prefix, words=words, users=users, items=items)


@blueprint.get("/users/<id:user_id>")
def user(user_id: str) -> str:
    """One user: attributes, interests, behaviour, and recommendations with their reasons."""
    knobs: Any = {name: _number(name) for name in ("diversity", "explore")}
    answer = stage.recommend(graph(), user_id, k=RECOMMENDED, explain=True, cache=services().cache, **knobs)
    recommended = answer["recommendations"]
    rows = [{**row, "bars": bars(row["reason"]["parts"]), "chips": chips(row["path"])} for row in recommended]
    corrections = interests.read_corrections(graph(), user_id)
    groups = grouped(interests.read_interests(graph(), user_id), corrections)
    return render_template(
        "user.html",
        user=users_and_items.read_user(graph(), user_id),
        groups=groups,
        corrected=unshown(corrections, groups),
        may_correct=g.key.allows("write"),
        past=interests.read_past_interests(graph(), user_id),
        behaviour=users_and_items.read_behaviour(graph(), user_id, 15),
        recommendations=rows,
        as_of=answer["as_of"],
        model_version=answer["model_version"],
        knobs=knobs,
    )


@blueprint.get("/items/<id:item_id>")
def item(item_id: str) -> str:
    """One item: text, attributes, interests it is about, similar items."""
    found = users_and_items.read_item(graph(), item_id)
    return render_template("item.html", item=found, similar=stage.similar_items(graph(), item_id, 12))


@blueprint.get("/live")
def live() -> str:
    """Changes by followers, as they happen."""
    return render_template("live.html")


@blueprint.get("/dashboard")
def dashboard() -> str:
    """State of the graph and of the stages, for an operator."""
    state = exploration.overview(graph())
    runs = [{**one, "counts": run_counts(one["counts"])} for one in state["runs"]]
    return render_template("dashboard.html", state={**state, "runs": runs})


def _number(name: str) -> float:
    """A number of the query string; 0 if absent."""
    try:
        return float(request.args.get(name) or 0)
    except ValueError as error:
        raise InputError(f"{name} must be a number from 0 to 1.") from error


def _local(target: str | None) -> str:
    """The target after logging in if it is a path on this site, else the front page."""
    usual = target and target.isprintable() and "\\" not in target
    return target if target and usual and re.match(r"/(?!/)", target) else "/"
