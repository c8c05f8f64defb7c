"""Tools in ChatGLM3's own protocol: a list in a system message, and calls in Python's form.

The model answers with the name of a tool on the first line, and ``tool_call(city='北京')`` in a
block of Python. THUDM's code evaluates that; here only literals are read.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import EndpointError
from ..model.dialogue_format import TOOLS_OFFERED
from .detokenize import Call, Piece
from .json_body import shown

Turn = tuple[str, str] | tuple[str, str, str]
MOST_TOOLS = 128
OPENING = "```python\ntool_call("
_NAME = re.compile(r"[^\s`<>]{1,64}")
_CALL = re.compile(r"\s*(\S+)[ \t]*\n\s*```(?:python)?[ \t]*\n(.*?)\n?[ \t]*```\s*", re.DOTALL)


@dataclass(frozen=True)
class Tool:
    """A function that the model may call.

    Attributes:
        name: Of the function.
        offered: What the model is told of it: name, description, parameters.
    """

    name: str
    offered: dict[str, Any]

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        return {**(self.offered.get("parameters") or {}), "type": "object"}


def read_tools(given: object) -> tuple[Tool, ...]:
    """The tools of a request.

    Raises:
        EndpointError: One has no name or another form than OpenAI's, or there are too many.
    """
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > MOST_TOOLS:
        wanted = f"array of at most {MOST_TOOLS} tools"
        raise EndpointError("endpoint.bad_value", name="tools", given=shown(given), wanted=wanted)
    return tuple(_tool(one, f"tools[{at}]") for at, one in enumerate(given))


def _tool(given: object, place: str) -> Tool:
    wanted = '{"type": "function", "function": {"name": ..., "parameters": {...}}}'
    function = given.get("function") if isinstance(given, dict) else None
    if isinstance(function, dict) and isinstance(given, dict) and given.get("type") == "function":
        parameters = function.get("parameters")
        if _is_name(function.get("name")) and isinstance(parameters, dict | None):
            offered = {key: value for key, value in function.items() if key != "strict"}
            return Tool(function["name"], offered)
    raise EndpointError("endpoint.bad_value", name=place, given=shown(given), wanted=wanted)


def _is_name(given: object) -> bool:
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def read_choice(given: object, tools: tuple[Tool, ...]) -> tuple[tuple[Tool, ...], bool]:
    """The tools that the model may call, and whether it has to call one of them.

    Args:
        given: ``none``, ``auto``, ``required`` or one function.
        tools: Of the request.

    Raises:
        EndpointError: It is none of these, or the function is not among the tools.
    """
    if given in (None, "auto") or (given == "none" and not tools):
        return tools, False
    if given == "none":
        return (), False
    if given in ("required", "any") and tools:
        return tools, True
    function = given.get("function") if isinstance(given, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    named = tuple(tool for tool in tools if tool.name == name)
    if named:
        return named[:1], True
    names = " | ".join(tool.name for tool in tools[:5])
    wanted = f'none | auto | required | {{"type": "function", "function": {{"name": {names}}}}}'
    raise EndpointError("endpoint.bad_value", name="tool_choice", given=shown(given), wanted=wanted)


def with_tools(turns: Sequence[Turn], tools: Sequence[Tool]) -> tuple[Turn, ...]:
    """A dialogue that begins with the list of tools, as in training.

    Args:
        turns: Of the request.
        tools: That are offered.
    """
    if not tools:
        return tuple(turns)
    listed = json.dumps([tool.offered for tool in tools], indent=4, ensure_ascii=False)
    told: Turn = ("system", f"{TOOLS_OFFERED}\n{listed}")
    rest = turns[1:] if turns and turns[0][:2] == ("system", TOOLS_OFFERED) else turns
    return (told, *rest)


def call_turns(given: object, place: str) -> list[Turn]:
    """The turns of an assistant's message that called tools.

    Args:
        given: Its ``tool_calls``.
        place: Of it in the request, for messages.

    Raises:
        EndpointError: One has no name, or its arguments are no JSON object.
    """
    wanted = '[{"function": {"name": ..., "arguments": "{...}"}}]'
    turns: list[Turn] = []
    for call in given if isinstance(given, list) else [None]:
        function = call.get("function") if isinstance(call, dict) else None
        name = function.get("name") if isinstance(function, dict) else None
        arguments = _object(function.get("arguments")) if isinstance(function, dict) else None
        if arguments is None or not _is_name(name):
            raise EndpointError("endpoint.bad_value", name=place, given=shown(given), wanted=wanted)
        turns.append(("assistant", f"{OPENING}{_keywords(arguments)})\n```", str(name)))
    return turns


def _object(given: object) -> dict[str, Any] | None:
    if isinstance(given, str):
        try:
            given = json.loads(given or "{}")
        except (ValueError, RecursionError):
            return None
    return given if isinstance(given, dict) else None


def _keywords(arguments: dict[str, Any]) -> str:
    if all(name.isidentifier() for name in arguments):
        return ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return f"**{arguments!r}"


def read_call(text: str, tools: Sequence[Tool]) -> Call | None:
    """The call in an answer; None where it is an answer in words.

    Args:
        text: Of the whole answer.
        tools: That were offered.
    """
    found = _CALL.fullmatch(text)
    tool = next((one for one in tools if found and one.name == found[1]), None)
    if found is None or tool is None:
        return None
    try:
        called = ast.parse(found[2].strip(), mode="eval").body
        if not isinstance(called, ast.Call):
            return None
        names = list(tool.schema.get("properties") or {})
        values = [ast.literal_eval(one) for one in called.args]
        arguments = dict(zip(names, values, strict=False)) if len(values) <= len(names) else None
        if arguments is None:
            return None
        for keyword in called.keywords:
            value = _literal(keyword.value)
            arguments.update(value if keyword.arg is None else {keyword.arg: value})
        return Call(tool.name, json.dumps(arguments, ensure_ascii=False, allow_nan=False))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _literal(node: ast.expr) -> Any:
    """The value of a literal, in which true, false and null may be written as in JSON."""

    class Names(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            values = {"true": True, "false": False, "null": None}
            return ast.Constant(values[name.id]) if name.id in values else name

    return ast.literal_eval(Names().visit(node))


def pieces_with_calls(
    pieces: Generator[Piece, None, None], tools: Sequence[Tool]
) -> Generator[Piece, None, None]:
    """An answer's pieces; one that calls a tool is held back and given as the call it is.

    Args:
        pieces: Of the answer.
        tools: That were offered.
    """
    held, words = "", False
    try:
        for piece in pieces:
            if words:
                yield piece
                continue
            held += piece.text
            call = read_call(held, tools) if piece.finish == "stop" else None
            if call is not None:
                yield Piece("", piece.tokens, "tool_calls", call)
            elif piece.finish or not _may_be_call(held, tools):
                words = True
                yield replace(piece, text=held)
            else:
                yield replace(piece, text="")
    finally:
        pieces.close()


def _may_be_call(begun: str, tools: Sequence[Tool]) -> bool:
    line, ended, _ = begun.lstrip().partition("\n")
    if ended:
        return any(tool.name == line.rstrip() for tool in tools)
    return any(tool.name.startswith(line.rstrip()) for tool in tools)


def forced_pieces(pieces: Generator[Piece, None, None], name: str) -> Generator[Piece, None, None]:
    """The one call of an answer that is nothing but its arguments.

    Args:
        pieces: Of the arguments, as JSON.
        name: Of the tool.
    """
    text = ""
    try:
        for piece in pieces:
            text += piece.text
            if piece.finish is None:
                yield replace(piece, text="")
                continue
            ended = "tool_calls" if piece.finish == "stop" else piece.finish
            yield Piece("", piece.tokens, ended, Call(name, text))
    finally:
        pieces.close()
