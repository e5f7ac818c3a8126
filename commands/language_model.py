"""The options of `extract` for a generative language model, and the model that they name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from graphstore.errors import InputError

if TYPE_CHECKING:
    from gnn.llm.language_model import LanguageModel

KEY = "INTERESTGRAPH_LLM_KEY"
COUNT = click.IntRange(1)
AMOUNT = click.FloatRange(0, min_open=True)
Command = TypeVar("Command", bound=Callable[..., Any])
OPTIONS = [
    click.option("--llm", metavar="URL", help=f"An OpenAI-compatible endpoint; its key is read from {KEY}."),
    click.option("--llm-model", metavar="NAME", help="With --llm: the model."),
    click.option("--llm-context", type=click.IntRange(2_048), default=16_384, show_default=True, help="Its tokens."),
    click.option("--llm-concurrency", type=COUNT, default=4, show_default=True, help="Questions at once."),
    click.option("--llm-timeout", type=AMOUNT, default=120.0, show_default=True, help="Seconds for an answer."),
    click.option("--llm-run-tokens", type=COUNT, help="Tokens that this run may use."),
    click.option("--llm-day-tokens", type=COUNT, help="Tokens that all runs of a day (UTC) may use."),
    click.option("--llm-prices", metavar="IN,OUT", help="Of a million tokens, in any currency."),
    click.option("--llm-run-cost", type=AMOUNT, help="What this run may cost, in that currency."),
    click.option("--llm-day-cost", type=AMOUNT, help="What all runs of a day may cost."),
]


def language_model_options(command: Command) -> Command:
    """Add the options to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def language_model(folder: Path, options: dict[str, Any]) -> LanguageModel | None:
    """The model that the options of a command name; None without one. folder: of its answers.

    Raises:
        InputError: the options don't go together, or one is no such thing.
    """
    from gnn.llm.budget import Limits
    from gnn.llm.language_model import LanguageModel

    url, model = options["llm"], options["llm_model"]
    if not (url or model):
        return None
    if not (url and model):
        raise InputError("--llm and --llm-model go together: where the model is, and what it is called there.")
    price_in, price_out = _prices(options["llm_prices"])
    if (options["llm_run_cost"] or options["llm_day_cost"]) and not options["llm_prices"]:
        raise InputError("A budget of costs needs --llm-prices IN,OUT.")
    limits = Limits(
        concurrency=options["llm_concurrency"],
        timeout_seconds=options["llm_timeout"],
        run_tokens=options["llm_run_tokens"],
        day_tokens=options["llm_day_tokens"],
        run_cost=options["llm_run_cost"],
        day_cost=options["llm_day_cost"],
        price_in=price_in,
        price_out=price_out,
    )
    return LanguageModel(url, model, folder, key=os.environ.get(KEY) or None, limits=limits)


def _prices(text: str | None) -> tuple[float, float]:
    try:
        before, _, after = (text or "0,0").partition(",")
        prices = float(before), float(after)
    except ValueError:
        prices = -1.0, -1.0
    if min(prices) < 0:
        raise InputError(f"--llm-prices {text!r}: expected two numbers, as 0.15,0.60.")
    return prices
