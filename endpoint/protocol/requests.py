"""Validates chat and embedding requests strictly; unsupported parameters are refused by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import EndpointError
from ..model.engine import Sampling
from .json_body import plain, shown
from .messages import read_messages

TEMPERATURE, TOP_P = 0.8, 0.8
"""ChatGLM3's defaults (its chat() of 2023-12)."""
MOST_STOPS, MOST_STOP_CHARACTERS = 16, 4096
"""OpenAI's own service takes four strings; the characters are those of all strings together."""
MOST_INPUTS = 2048
SEEDS = 2**32

# Unsupported parameters: accepted only if null or one of these values, which have no effect.
_NEUTRAL: dict[str, tuple[object, ...]] = {
    "n": (1,),
    "tools": ([],),
    "functions": ([],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
    "response_format": ({"type": "text"},),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "modalities": (["text"],),
    "audio": (),
    "prediction": (),
    "web_search_options": (),
    "reasoning_effort": (),
    "verbosity": (),
}
# Parameters that do not change an answer and are ignored.
_WITHOUT_EFFECT = frozenset(
    "metadata parallel_tool_calls prompt_cache_key prompt_cache_retention safety_identifier "
    "service_tier store user".split()
)
Body = TypeVar("Body", bound="_Body")


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    model: str = Field(description="string")


class _ChatBody(_Body):
    """The descriptions name the allowed values, for error messages."""

    messages: list[Any] = Field(description="array of messages", min_length=1)
    stream: bool | None = Field(None, description="true | false")
    stream_options: dict[str, Any] | None = Field(None, description='{"include_usage": true}')
    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(None, description="0 ... 2")
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(None, description="0 < top_p <= 1")
    max_tokens: Annotated[int, Field(ge=1)] | None = Field(None, description="integer >= 1")
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = Field(
        None, description="integer >= 1"
    )
    stop: Any = Field(None, description="string | array of strings")
    seed: int | None = Field(None, description="integer")


class _EmbeddingBody(_Body):
    input: Any = Field(description="string | array of strings")
    encoding_format: str | None = Field(None, description='"float" | "base64"')


@dataclass(frozen=True)
class ChatRequest:
    """A validated chat completion request.

    Attributes:
        model: As the caller named it.
        messages: (role, text), the roles as ChatGLM3 names them.
        sampling: Its ``max_tokens`` may be more than there is room for.
        stop: Strings before which the answer ends.
        stream: Whether it is sent as it is made.
        usage: Whether a stream ends with the count of its tokens.
    """

    model: str
    messages: tuple[tuple[str, str], ...]
    sampling: Sampling
    stop: tuple[str, ...]
    stream: bool
    usage: bool


@dataclass(frozen=True)
class EmbeddingRequest:
    """A validated embedding request; ``base64`` asks for base64 of 32-bit floats."""

    model: str
    texts: tuple[str, ...]
    base64: bool


def read_chat(body: dict[str, Any], *, context: int, seeded: bool) -> ChatRequest:
    """The chat request in a body.

    Args:
        body: Of ``/v1/chat/completions``.
        context: Ids a prompt and its answer may have together.
        seeded: Whether the engine can repeat a draw.

    Raises:
        EndpointError: Something in it is wrong, unknown, or not what this model can do.
    """
    parsed = _checked(_ChatBody, body)
    limits = [one for one in (parsed.max_tokens, parsed.max_completion_tokens) if one is not None]
    sampling = Sampling(
        temperature=TEMPERATURE if parsed.temperature is None else parsed.temperature,
        top_p=TOP_P if parsed.top_p is None else parsed.top_p,
        max_tokens=min([*limits, context]),
        seed=None if parsed.seed is None else parsed.seed % SEEDS,
    )
    if sampling.seed is not None and sampling.temperature > 0 and not seeded:
        raise EndpointError("endpoint.unseeded", name="seed")
    return ChatRequest(
        model=parsed.model,
        messages=read_messages(parsed.messages),
        sampling=sampling,
        stop=_stops(parsed.stop),
        stream=bool(parsed.stream),
        usage=_wants_usage(parsed.stream_options or {}),
    )


def read_embedding(body: dict[str, Any]) -> EmbeddingRequest:
    """The embedding request in a body.

    Raises:
        EndpointError: Something in it is wrong, unknown, or not what the model can do.
    """
    parsed = _checked(_EmbeddingBody, body)
    if parsed.encoding_format not in (None, "float", "base64"):
        raise _bad(_EmbeddingBody, "encoding_format", parsed.encoding_format)
    given = [parsed.input] if isinstance(parsed.input, str) else parsed.input
    if not isinstance(given, list) or not 0 < len(given) <= MOST_INPUTS:
        raise _bad(_EmbeddingBody, "input", parsed.input)
    if all(isinstance(one, int | list) for one in given):
        raise EndpointError("endpoint.token_input", name="input")
    for at, one in enumerate(given):
        if not isinstance(one, str) or not one.strip():
            raise _bad(_EmbeddingBody, "input", one, f"input[{at}]")
    return EmbeddingRequest(parsed.model, tuple(given), parsed.encoding_format == "base64")


def _checked(kind: type[Body], body: dict[str, Any]) -> Body:
    kept = {}
    for name, value in body.items():
        if name in kind.model_fields:
            kept[name] = value
        elif name in _NEUTRAL or name == "dimensions":
            _refuse_unless_neutral(name, value)
        elif name not in _WITHOUT_EFFECT:
            raise EndpointError("endpoint.unknown_parameter", name=plain(name))
    try:
        return kind.model_validate(kept)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        name = str(fault["loc"][0])
        if fault["type"] == "missing":
            raise EndpointError("endpoint.missing", name=name) from error
        raise _bad(kind, name, body[name]) from error


def _refuse_unless_neutral(name: str, value: object) -> None:
    neutral = any(
        value == one and isinstance(value, bool) == isinstance(one, bool)
        for one in _NEUTRAL.get(name, ())
    )
    if value is not None and not neutral:
        raise EndpointError("endpoint.unsupported", name=name, given=shown(value))


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
