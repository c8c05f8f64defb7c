"""A judge for the bench: reads lists out of our requests and answers them with a known worth.

``judges.py`` of the shared tools plays verdicts recorded from a strong model, or worse ones. The
environment names it and how it judges: ``JUDGES`` the file, ``JUDGE`` the kind (``recorded``,
``noisy:0.85:0.95``, ``coin``, ``yes``, ``no``, ``nonsense``), ``SETS`` the folders of labelled
pairs, ``TOKENS`` a file to which the length of each request is added.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

_PAIRS = re.compile(
    r"(?P<passage>.*?)\n*(?:Pairs to check|要检查的问答对|Pairs|问答对)[:：]\n(?P<pairs>.*)\Z",
    re.DOTALL,
)
_ITEM = re.compile(
    r"(?:^|\n)(\d+)\. (?:Q: |问：)(.*?)\n   (?:A: |答：)(.*?)(?=\n\d+\. (?:Q: |问：)|\Z)", re.DOTALL
)
_FORMS = {
    "en": ("{n}. yes | {quote}", "{n}. no | {why}", "Same: {same}", "none"),
    "zh": ("{n}. 是｜{quote}", "{n}. 否｜{why}", "相同：{same}", "无"),
}


@cache
def _judge() -> Any:
    spec = importlib.util.spec_from_file_location("judges", os.environ["JUDGES"])
    if spec is None or spec.loader is None:
        raise SystemExit("JUDGES names no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Judge(os.environ["JUDGE"], os.environ["SETS"].split(os.pathsep))


def judge(messages: list[dict[str, str]], _rows: list[dict[str, Any]]) -> str:
    """The reply to a request about numbered pairs.

    Args:
        messages: The request.
    """
    if os.environ.get("TOKENS"):
        from loaders import count_tokens

        with Path(os.environ["TOKENS"]).open("a", encoding="utf-8") as file:
            file.write(f"{sum(count_tokens(one['content']) for one in messages)}\n")
    if os.environ["JUDGE"] == "nonsense":
        return "As a language model I find these very interesting. 42 of them, in fact! 很有意思。"
    request = messages[-1]["content"]
    reply = answered(
        request, lambda *pair: _judge().verdict(*pair), lambda *both: _judge().same(*both)
    )
    if reply is None:
        raise SystemExit(f"no list in the request: {request[:200]}")
    return reply


def answered(
    request: str,
    verdict: Callable[[str, str, str], tuple[bool, str, str]],
    same: Callable[[tuple[str, str], tuple[str, str]], bool],
) -> str | None:
    """The reply to a list of pairs; None for a request that holds none.

    Args:
        request: The last message.
        verdict: Of question, answer and passage: whether it is right, a quote, and why not.
        same: Whether two pairs ask one thing.
    """
    found = _PAIRS.match(request)
    if found is None:
        return None
    pairs = [(q, a) for _, q, a in _ITEM.findall(found["pairs"])]
    yes, no, alike, none = _FORMS["zh" if "问：" in found["pairs"] else "en"]
    lines = []
    if "passage" in request.casefold() or "资料" in request:
        for number, (question, answer) in enumerate(pairs, 1):
            right, quote, why = verdict(question, answer, found["passage"])
            form = yes if right else no
            lines.append(form.format(n=number, quote=quote, why=why))
    couples = [
        f"{other} = {one}"
        for one, other in combinations(range(1, len(pairs) + 1), 2)
        if same(pairs[one - 1], pairs[other - 1])
    ]
    lines.append(alike.format(same=", ".join(couples) or none))
    return "\n".join(lines)
