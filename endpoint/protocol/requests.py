"""Validates requests; what would change an answer and cannot be done is refused by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import EndpointError
from ..model.engine import Sampling
from ..model.grammar import any_object
from .harmless import refuse_harmful
from .json_body import plain, shown
from .messages import read_messages
from .tools import Tool, Turn, read_choice, read_tools, with_tools

TEMPERATURE, TOP_P = 0.8, 0.8
"""ChatGLM3's defaults (its chat() of 2023-12)."""
MOST_STOPS, MOST_STOP_CHARACTERS = 16, 4096
"""OpenAI's own service takes four strings; the characters are those of all strings together."""
MOST_INPUTS = 2048
MOST_ANSWERS = 8
SHORT = 16  # tokens of a completion where the request does not say, as in OpenAI's service
SEEDS = 2**32
Body = TypeVar("Body", bound="_Body")
Penalty = Annotated[float, Field(ge=-2, le=2)]


class _Body(BaseModel):
    """The descriptions name the allowed values, for error messages."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    model: str = Field(description="string")


class _SampledBody(_Body):
    stream: bool | None = Field(None, description="true | false")
    stream_options: dict[str, Any] | None = Field(None, description='{"include_usage": true}')
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(None, description="0 ... 2")
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(None, description="0 < top_p <= 1")
    max_tokens: Annotated[int, Field(ge=1)] | None = Field(None, description="integer >= 1")
    stop: Any = Field(None, description="string | array of strings")
    seed: int | None = Field(None, description="integer")
    n: Annotated[int, Field(ge=1, le=MOST_ANSWERS)] | None = Field(
        None, description=f"integer, 1 ... {MOST_ANSWERS}"
    )
    frequency_penalty: Penalty | None = Field(None, description="-2 ... 2")
    presence_penalty: Penalty | None = Field(None, description="-2 ... 2")
    repetition_penalty: Annotated[float, Field(gt=0, le=10)] | None = Field(
        None, description="0 < repetition_penalty <= 10"
    )
    response_format: dict[str, Any] | None = Field(
        None, description='{"type": "text" | "json_object" | "json_schema"}'
    )


class _ChatBody(_SampledBody):
    messages: list[Any] = Field(description="array of messages", min_length=1)
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = Field(
        None, description="integer >= 1"
    )
    tools: Any = None
    tool_choice: Any = None


class _CompletionBody(_SampledBody):
    prompt: Any = Field(description=f"string | array of at most {MOST_ANSWERS} strings")


class _EmbeddingBody(_Body):
    input: Any = Field(description="string | array of strings")
    encoding_format: str | None = Field(None, description='"float" | "base64"')
    dimensions: Annotated[int, Field(ge=1)] | None = Field(None, description="integer >= 1")


@dataclass(frozen=True)
class Wanted:
    """What a request for answers asks, whatever its prompt is.

    Attributes:
        model: As the caller named it.
        sampling: Its ``max_tokens`` may be more than there is room for.
        stop: Strings before which the answer ends.
        stream: Whether it is sent as it is made.
        usage: Whether a stream ends with the count of its tokens.
        answers: How many of them.
    """

    model: str
    sampling: Sampling
    stop: tuple[str, ...]
    stream: bool
    usage: bool
    answers: int


@dataclass(frozen=True)
class ChatRequest:
    """A validated chat completion request.

    Attributes:
        wanted: How to answer.
        messages: (role, text) and perhaps a tool's name, the roles as ChatGLM3 names them; the
            list of tools is among them.
        tools: That may be called.
        forced: Whether one of them has to be.
    """

    wanted: Wanted
    messages: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    forced: bool = False


@dataclass(frozen=True)
class CompletionRequest:
    """A validated completion request: texts to be continued."""

    wanted: Wanted
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class EmbeddingRequest:
    """A validated embedding request; ``base64`` asks for base64 of 32-bit floats."""

    model: str
    texts: tuple[str, ...]
    base64: bool
    dimensions: int | None


def read_chat(
    body: dict[str, Any], *, context: int, seeded: bool, guided: bool = False
) -> ChatRequest:
    """The chat request in a body.

    Args:
        body: Of ``/v1/chat/completions``.
        context: Ids a prompt and its answer may have together.
        seeded: Whether the engine can repeat a draw.
        guided: Whether it can follow a JSON schema.

    Raises:
        EndpointError: Something in it is wrong, unknown, or not what this model can do.
    """
    parsed = _checked(_ChatBody, body)
    limits = [one for one in (parsed.max_tokens, parsed.max_completion_tokens) if one is not None]
    tools, forced = read_choice(parsed.tool_choice, read_tools(parsed.tools))
    wanted = _wanted(parsed, min([*limits, context]), seeded=seeded, guided=guided)
    if forced and not guided:
        raise EndpointError("endpoint.no_grammar", name="tool_choice")
    if tools and wanted.sampling.schema:
        raise EndpointError("endpoint.schema_beside_tools", name="response_format")
    turns = with_tools(read_messages(parsed.messages), tools)
    return ChatRequest(wanted, turns, tools, forced)


def read_completion(
    body: dict[str, Any], *, seeded: bool, guided: bool = False
) -> CompletionRequest:
    """The completion request in a body.

    Args:
        body: Of ``/v1/completions``.
        seeded: Whether the engine can repeat a draw.
        guided: Whether it can follow a JSON schema.

    Raises:
        EndpointError: As ``read_chat``.
    """
    parsed = _checked(_CompletionBody, body)
    given = [parsed.prompt] if isinstance(parsed.prompt, str) else parsed.prompt
    if not isinstance(given, list) or not given:
        raise _bad(_CompletionBody, "prompt", parsed.prompt)
    if all(isinstance(one, int | list) for one in given):
        raise EndpointError("endpoint.token_input", name="prompt")
    if not all(isinstance(one, str) for one in given):
        raise _bad(_CompletionBody, "prompt", parsed.prompt)
    wanted = _wanted(parsed, parsed.max_tokens or SHORT, seeded=seeded, guided=guided)
    if len(given) * wanted.answers > MOST_ANSWERS:
        raise _bad(_CompletionBody, "prompt", parsed.prompt)
    return CompletionRequest(wanted, tuple(given))


def _wanted(parsed: _SampledBody, most: int, *, seeded: bool, guided: bool) -> Wanted:
    sampling = Sampling(
        temperature=TEMPERATURE if parsed.temperature is None else parsed.temperature,
        top_p=TOP_P if parsed.top_p is None else parsed.top_p,
        max_tokens=most,
        seed=None if parsed.seed is None else parsed.seed % SEEDS,
        repetition_penalty=parsed.repetition_penalty or 1.0,
        frequency_penalty=parsed.frequency_penalty or 0.0,
        presence_penalty=parsed.presence_penalty or 0.0,
        schema=_schema(parsed.response_format),
    )
    if sampling.seed is not None and sampling.temperature > 0 and not seeded:
        raise EndpointError("endpoint.unseeded", name="seed")
    if sampling.schema is not None and not guided:
        raise EndpointError("endpoint.no_grammar", name="response_format")
    return Wanted(
        model=parsed.model,
        sampling=sampling,
        stop=_stops(parsed.stop),
        stream=bool(parsed.stream),
        usage=_wants_usage(parsed.stream_options or {}),
        answers=parsed.n or 1,
    )


def _schema(given: dict[str, Any] | None) -> str | None:
    """The JSON schema of a response format; None for text."""
    kind = "text" if given is None else given.get("type")
    if given is None or kind == "text":
        return None
    schema: object = given.get("schema")  # as llama.cpp's server takes it
    if kind == "json_schema":
        named = given.get("json_schema")
        schema = named.get("schema", schema) if isinstance(named, dict) else schema
    if kind == "json_object" and schema is None:
        return any_object()
    if kind not in ("json_object", "json_schema") or not isinstance(schema, dict):
        raise _bad(_SampledBody, "response_format", given)
    return json.dumps(schema, ensure_ascii=False)


def read_embedding(body: dict[str, Any]) -> EmbeddingRequest:
    """The embedding request in a body.

    Raises:
        EndpointError: Something in it is wrong, unknown, or not what the model can do.
    """
    parsed = _checked(_EmbeddingBody, body)
    if parsed.encoding_format not in (None, "float", "base64"):
        raise _bad(_EmbeddingBody, "encoding_format", parsed.encoding_format)
    given = [parsed.input] if isinstance(parsed.input, str) else parsed.input
    if not isinstance(given, list):
        raise _bad(_EmbeddingBody, "input", parsed.input)
    if not given:
        raise EndpointError("endpoint.empty", name="input")
    if len(given) > MOST_INPUTS:
        raise EndpointError(
            "endpoint.too_many_inputs", name="input", count=len(given), most=MOST_INPUTS
        )
    if all(isinstance(one, int | list) for one in given):
        raise EndpointError("endpoint.token_input", name="input")
    for at, one in enumerate(given):
        if not isinstance(one, str):
            raise _bad(_EmbeddingBody, "input", one, f"input[{at}]")
        if not one.strip():
            place = "input" if isinstance(parsed.input, str) else f"input[{at}]"
            raise EndpointError("endpoint.empty", name=place)
    base64 = parsed.encoding_format == "base64"
    return EmbeddingRequest(parsed.model, tuple(given), base64, parsed.dimensions)


def _checked(kind: type[Body], body: dict[str, Any]) -> Body:
    kept = {}
    for name, value in body.items():
        if name not in kind.model_fields:
            refuse_harmful(name, value)
        elif value is not None and not (_is_limit(name) and value == -1):  # -1: no limit
            kept[name] = value
    try:
        parsed = kind.model_validate(kept)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        name = str(fault["loc"][0])
        if fault["type"] == "missing":
            raise EndpointError("endpoint.missing", name=name) from error
        raise _bad(kind, name, body[name]) from error
    if not parsed.model.strip():
        raise EndpointError("endpoint.empty", name="model")
    return parsed


def _is_limit(name: str) -> bool:
    return name in ("max_tokens", "max_completion_tokens")


def _bad(kind: type[_Body], name: str, value: object, place: str = "") -> EndpointError:
    wanted = kind.model_fields[name].description or ""
    return EndpointError(
        "endpoint.bad_value", name=place or name, given=shown(value), wanted=wanted
    )


def _stops(given: object) -> tuple[str, ...]:
    stops = [given] if isinstance(given, str) else [] if given is None else given
    if not isinstance(stops, list) or not all(isinstance(one, str) and one for one in stops):
        raise _bad(_ChatBody, "stop", given)
    if len(stops) > MOST_STOPS or sum(map(len, stops)) > MOST_STOP_CHARACTERS:
        raise EndpointError(
            "endpoint.too_many_stops",
            name="stop",
            strings=len(stops),
            characters=sum(map(len, stops)),
            most=MOST_STOPS,
            most_characters=MOST_STOP_CHARACTERS,
        )
    return tuple(stops)


def _wants_usage(options: dict[str, Any]) -> bool:
    wants = options.get("include_usage")
    if wants is not None and not isinstance(wants, bool):
        raise _bad(_ChatBody, "stream_options", options)
    return bool(wants)


def named_alike(given: str, *names: str) -> bool:
    """Whether a caller means a model: in any case, with or without its owner or ``:latest``."""
    wanted = plain(given).strip().lower().removesuffix(":latest").rsplit("/", 1)[-1]
    return wanted in {name.lower().rsplit("/", 1)[-1] for name in names}
