"""What commands print: tables and lists fit 80 columns, on a terminal and in a pipe, and no word of them is cut."""

from io import StringIO

import pytest
from rich.console import Console

from commands.administration import show_evaluation, show_keys
from commands.console import Terminal
from commands.demo import Story, show_story
from commands.exposure import show_exposure
from commands.reading import show_merges, show_reading
from commands.stage_output import show_collected, show_counts, show_floor, show_recommendations
from commands.tuning import show_tuned
from gnn.evaluation.baselines import ALL

WIDTH = 80
FILMS = (
    "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb (1963)",
    "Adventures of Priscilla, Queen of the Desert, The (1994)",
    "Cook the Thief His Wife & Her Lover, The (1989)",
    "Wallace & Gromit: The Best of Aardman Animation (1996)",
    "[/b] Rechtsschutzversicherungen (1998)",
)
METRICS = ("ndcg@10", "ndcg@20", "recall@20", "hitrate@10", "mrr")


def view(users, value=0.2219):
    row = {"users": users, "users_missing": 0}
    for metric in METRICS:
        row |= {metric: value, f"{metric}_ci": value / 4, f"{metric}_interval": [0.1, 0.3]}
    return row


def report():
    """Every baseline and every view, with the largest numbers that the published splits have."""
    beyond = {"coverage@10": 0.207, "novelty@10": 12.41, "diversity@10": None}
    served = {"all": view(31_668, 1.0), "known": view(31_668), "cold_items": view(31_668, 0.0)} | beyond
    served["history"] = {name: view(31_668) for name in ("1", "2-5", "6-20", "more than 20")}
    peers = {name: {"all": view(31_668)} | beyond for name in ALL}
    row = {"peer": "time-decayed item-kNN", "difference": -0.0222, "interval": [-0.1222, 0.0889]}
    return {
        "systems": {"interestgraph": served | {"cold_users": view(31_668)}} | peers,
        "versus_best": {"all": dict.fromkeys(METRICS, row)},
        "notes": ["7,114 of 10,000 test events name 76 users that nothing given for training names: they count."],
    }


def answer():
    items = [
        {
            "item_id": str(200 + number),
            "title": title,
            "score": 4.222,
            "because": f"Because you rated “{FILMS[number - 1]}” 3, and people who chose it also chose this.",
            "channels": {"similar": 0.03, "transitions": 0.08, "embedding": 0.7, "social": 0.12, "popular": 0.07},
            "path": [
                {"label": "User", "key": "729"},
                {"type": "RATED", "properties": {"value": 3.0}},
                {"label": "Item", "key": "328", "title": FILMS[number - 1]},
                {"type": "SIMILAR_TO"},
                {"label": "Item", "key": str(200 + number), "title": title},
            ],
        }
        for number, title in enumerate(FILMS)
    ]
    return {"user_id": "729", "recommendations": items}


COUNTS = {"encoder": "all-MiniLM-L6-v2", "items": 1_682, "interests": 87, "without_text": 0, "about": 3_465} | {
    f"count_of_something_{number}": 100_000 * number for number in range(5)
}


def story():
    steps = [f"{step}{again}" for again in ("", " again") for step in ("collect", "extract", "build", "update")]
    return Story(
        dict.fromkeys(steps, 123.4), dict.fromkeys(steps, COUNTS), evaluation=report(), recommendations=answer()
    )


def summary():
    counts = {"created": 1_000_000_000, "updated": 1_000_000_000, "duplicate": 1_000_000_000, "rejected": 1_000_000_000}
    reasons = [{"line": 1_000_000, "reason": f"title: {FILMS[0]} is described twice, differently", "rows": 1_000_000}]
    file = {"rejected_file": "/home/somebody/.local/share/interestgraph/rejected/events.jsonl"}
    file |= {"notes": ["Other columns (rows): " + ", ".join(FILMS)], "failed": None}
    return {what: counts | {"reasons": reasons} | file for what in ("items", "users", "events", "ties")}


def exposure():
    row = {"exposure": 1.0, "choices": 1.0, "catalogue": 1.0, "ratio": 123.45}
    shares = {"coverage": 1.0, "gini": 0.912, "share_of_top_1_percent": 0.5, "share_of_top_10_percent": 0.9}
    return shares | {
        "users": 31_668,
        "k": 10,
        "shown": 38_048,
        "items": 38_048,
        "novelty": 12.41,
        "groups": {"series to which the film belongs": [row | {"group": title} for title in FILMS]},
        "never_shown": {"items": 12_345, "examples": list(FILMS)},
    }


def tuned():
    settings = {f"{part}_of_build_or_update": 0.125 for part in ("half_life", "shrinkage", "layers", "width")}
    trials = [{"trial": number, "ndcg_at_10": 0.1234, "settings": settings} for number in range(1, 6)]
    return {
        "best_trials": trials,
        "default_ndcg_at_10": 0.12,
        "gain_interval": [-0.01, 0.02],
        "gain": 0.005,
        "trials": 30,
        "users": 31_668,
        "held_out": "the last event of each user",
        "remembered": 12,
        "adopted": True,
        "best": settings,
    }


def reading():
    about = [{"name": "nuclear war and its aftermath", "weight": 1.0, "by": "language model"}] * 3
    event = {"kind": "RATE", "value": 5.0, "at": "2026-01-06T12:00:00Z", "item_id": "i1", "about": about}
    event |= {"text": "I would watch it again.", "mentioned": about}
    interest = {"polarity": "likes", "horizon": "long", "weight": 1.0, "extracted_by": "language model"}
    interest |= {"label": "nuclear war and its aftermath", "broader": ["war", "politics"]}
    return {
        "read": [event | {"number": number, "title": title} for number, title in enumerate(FILMS, 1)],
        "concluded": [interest | {"numbers": list(range(1, 30)), "older": 12}],
        "past": [interest | {"valid_from": None, "valid_to": "2026-01-06T12:00:00Z"}],
        "corrections": [{"label": "nuclear war and its aftermath", "correction": "not an interest of mine"}],
    }


def learned():
    figures = {f"{whose}{metric}": 0.123 for whose in ("", "signal_") for metric in ("ndcg_at_10", "recall_at_20")}
    row = {"users": 2_000, "signal": "transitions_recent", "half_width": 0.012, "corrected": True} | figures
    rows = [row | {"events": events} for events in ("all", "0", "1", "2-5", "6-20", "over 20")]
    return {"blend": {"users": 2_000}, "held_out": "by time", "floor": rows}


def test_update_says_what_the_weights_were_learned_on():
    said = shown(lambda terminal: show_floor(terminal, learned()), is_terminal=False)
    assert "the last tenth of all events in time" in said and "* beyond chance" in said
    users = shown(lambda terminal: show_floor(terminal, learned() | {"held_out": "by user"}), is_terminal=False)
    assert "users with 5 or more" in users
    assert "the defaults" in shown(lambda terminal: show_floor(terminal, {"floor": []}), is_terminal=False)


MERGES = [{"name": title, "interest": title, "cosine": 0.912, "at": "2026-01-06"} for title in FILMS]
KEY = {"name": "the nightly import of the warehouse", "scopes": ["read", "write", "admin"]}
KEYS = [KEY | dict.fromkeys(("created_at", "revoked_at"), "2026-11-29T16:41:31.123456789Z")]
SHOWN = {
    "collect": lambda terminal: show_collected(terminal, summary()),
    "extract": lambda terminal: show_counts(terminal, "extract", COUNTS),
    "update": lambda terminal: show_floor(terminal, learned()),
    "recommend": lambda terminal: show_recommendations(terminal, answer(), True),
    "evaluate": lambda terminal: show_evaluation(terminal, report()),
    "demo": lambda terminal: show_story(terminal, story()),
    "exposure": lambda terminal: show_exposure(terminal, exposure()),
    "tune": lambda terminal: show_tuned(terminal, tuned()),
    "reading": lambda terminal: show_reading(terminal, reading()),
    "merges list": lambda terminal: show_merges(terminal, MERGES),
    "keys list": lambda terminal: show_keys(terminal, KEYS),
}


def shown(show, *, width=WIDTH, is_terminal):
    terminal = Terminal(as_json=False)
    options = {"width": width, "force_terminal": is_terminal, "color_system": None, "highlight": False}
    terminal.out = Console(file=StringIO(), soft_wrap=True, **options)
    show(terminal)
    return terminal.out.file.getvalue()


@pytest.mark.parametrize("command", SHOWN)
@pytest.mark.parametrize("is_terminal", [True, False], ids=["terminal", "pipe"])
def test_no_word_is_cut_at_80_columns(command, is_terminal):
    out = shown(SHOWN[command], is_terminal=is_terminal)
    unlimited = shown(SHOWN[command], width=10_000, is_terminal=is_terminal)
    assert "…" not in out
    assert set(unlimited.split()) == set(out.split())


@pytest.mark.parametrize("command", SHOWN)
def test_a_terminal_of_80_columns_is_not_exceeded(command):
    lines = shown(SHOWN[command], is_terminal=True).splitlines()
    assert [line for line in lines if len(line.rstrip()) > WIDTH] == []


def test_in_a_pipe_a_reason_and_a_path_are_a_line_each():
    lines = shown(SHOWN["recommend"], is_terminal=False).splitlines()
    assert len(lines) == 4 * len(FILMS)
    assert lines[1].strip() == answer()["recommendations"][0]["because"]


def test_on_a_terminal_what_is_wrapped_stays_to_the_right_of_its_number():
    lines = shown(SHOWN["recommend"], is_terminal=True).splitlines()
    assert lines[0] == f"  1. {FILMS[0]}"
    assert all(line.startswith("     ") for line in lines if not line.lstrip()[0].isdigit())
