"""What the model suggests at the desk, and what that costs."""

from __future__ import annotations

from starlette.responses import Response

from chains import Desk, better_wording, cost_of, pairs_about
from messages import say

from ..engine import engine
from .request import DeskRequest, as_json


def _about(asked: DeskRequest, desk: Desk) -> tuple[str, tuple[str, int, int]]:
    """The pair that the model is asked about, or the passage: its document, first and last."""
    pair = asked.request.query_params.get("pair", "")[:12]
    if pair:
        return pair, ("", 0, 0)
    document = asked.number("document", len(desk.texts))
    span = desk.span(document, asked.number("start"), asked.number("end"))
    return "", (desk.texts[document].source, span.start, span.end)


async def cost(asked: DeskRequest) -> Response:
    """Says what asking the model would cost."""
    desk = await asked.desk()
    pair, (source, start, end) = _about(asked, desk)
    place = {"pair": pair} if pair else {"source": source, "start": start, "end": end}
    found = await engine().read(cost_of, engine().journal, None, desk.job, **place)
    language = asked.language
    model = found.model or found.backend
    if found.known:
        told = say("desk.cost_known", language, model=model)
    elif found.cost is not None:
        price = f"{found.cost:.4f}"
        told = say(
            "desk.cost_price", language, model=model, prompt=found.prompt,
            completion=found.completion, cost=price,
        )  # fmt: skip
    else:
        told = say(
            "desk.cost_tokens", language, model=model, prompt=found.prompt,
            completion=found.completion,
        )  # fmt: skip
    return as_json({"cost": told})


async def suggest(asked: DeskRequest) -> Response:
    """Asks the model for a better wording of a pair, or for pairs about a passage."""
    desk = await asked.desk()
    pair, (source, start, end) = _about(asked, desk)
    journal = engine().journal
    if pair:
        wording = await engine().read(better_wording, journal, None, desk.job, pair)
        found = [{"question": wording.question, "answer": wording.answer}]
        usage = wording.usage
    else:
        more = await engine().read(pairs_about, journal, None, desk.job, source, start, end)
        found = [desk.suggested(source, one) for one in more.pairs]
        usage = more.usage
    used = {"prompt": usage.prompt, "completion": usage.completion}
    return as_json({"pairs": found, "told": say("desk.used", asked.language, **used)})
