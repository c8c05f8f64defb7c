"""The form in which a server takes requests, learnt from what it refuses.

Servers of one protocol disagree about its fields: one wants ``max_completion_tokens``, another has
a fixed temperature, no system role, or streams only. A refusal names the field, so that it costs
one request, which nobody pays for. Only what is sent changes: the journal keeps a reply under the
request as it was meant.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import kind_of, plain_words

log = logging.getLogger(__name__)
_KEPT = {"model", "messages", "response_format"}
"""Fields without which a request is another one."""
_LIMITS = ("max_tokens", "max_completion_tokens")
_ROLES = re.compile(
    r"roles? must alternate|alternate user|chat setting|(?:system|developer)\W{1,3}(?:role|message"
    r"|prompt|instruction)[^.]{0,60}(?:not|n't|unsupported|invalid)|roles?\b[^.]{0,80}\b(?:system"
    r"|developer)\b|support\w*[^.]{0,30}\bsystem\b|不支持\W{0,3}system|系统(?:消息|提示|角色)"
)
_STREAM_ONLY = re.compile(
    r"(?:only|must|require|need|please|enable|仅|只|必须|请)[^.]{0,60}stream|stream[^.]{0,60}(?:only|must"
    r"|require|need|true|必须)|(?:仅|只)支持流|流式"
)
_NO_STREAM = re.compile(
    r"stream\w*[^.]{0,60}(?:not|n't|unsupported)|not support\w*[^.]{0,30}stream"
)
_MUST_BE = re.compile(
    r"\b([a-z_]+)\b[^.;]{0,60}?(?:must|should|restricted|only|has to|needs? to|必须|只能|需)"
    r"[^.;]{0,40}?\b(true|false)\b"
)
_INSTEAD = re.compile(r"\buse\W{1,3}([a-z_]+)\W{1,3}instead|请使用\W{0,3}([a-z_]+)")
_NAMELESS = re.compile(
    r"(?:unknown|unsupported|unrecogni[sz]ed|unexpected|extra|additional)[^.]{0,20}"
    r"(?:parameter|argument|field|propert|input)|不支持的参数|未知参数"
)
_CONTEXT = re.compile(r"context|上下文")
_MESSAGE_KINDS = ("refused", "too_long")


class RequestForm:
    """How requests are rewritten before they are sent; safe for any number of threads.

    Args:
        drop: Fields that are never sent.
        rename: Other names of fields.

    Attributes:
        learnt: What was learnt, each once: the fields, as they are told to the user.
    """

    def __init__(self, drop: Sequence[str] = (), rename: Mapping[str, str] | None = None) -> None:
        self.learnt: list[str] = []
        self._drop = set(drop)
        self._rename = dict(rename or {})
        self._put: dict[str, Any] = {}
        self._caps: dict[str, int] = {}
        self._plain_roles = False
        self._lock = threading.Lock()

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        """A request's body as this server takes it.

        Args:
            body: As it was meant.
        """
        with self._lock:
            sent = {
                self._rename.get(name, name): value
                for name, value in body.items()
                if name not in self._drop
            }
            sent |= self._put
            for name in self._caps.keys() & sent.keys():
                sent[name] = min(sent[name], self._caps[name])
            if self._plain_roles:
                sent["messages"] = _without_system(sent["messages"])
        if not sent.get("stream"):
            sent.pop("stream_options", None)
        return sent

    def learn(self, status: int, said: str, sent: dict[str, Any], body: dict[str, Any]) -> bool:
        """Whether a refused request may be sent again, in another form.

        Args:
            status: Of the refusal.
            said: Its body.
            sent: What was refused.
            body: The request as it was meant.
        """
        words = plain_words(said)
        if self.apply(body) != sent:  # another thread has learnt meanwhile
            return True
        roles = _has_system(sent) and bool(_ROLES.search(words))
        if not roles and (kind_of(status, said) not in _MESSAGE_KINDS or _CONTEXT.search(words)):
            return False
        with self._lock:
            told = self._learn(words, sent, roles=roles)
        if not told:
            return False
        if self.apply(body) == sent:
            return False
        self.learnt.append(told)
        log.warning("a form of request is refused: %s from now on", told)
        return True

    def _learn(self, words: str, sent: dict[str, Any], *, roles: bool) -> str:
        """What is sent differently from now on; empty where the refusal does not tell."""
        named = [name for name in sent if name not in _KEPT and _names(words, name)]
        for name, value in _MUST_BE.findall(words):
            if name in sent or name.startswith("enable_"):
                wanted = value == "true"
                if sent.get(name) is not wanted:
                    self._put[name] = wanted
                    return f"{name} = {value}"
        if roles:
            self._plain_roles = True
            return "without the system's role"
        if not sent.get("stream") and _STREAM_ONLY.search(words) and set(named) <= {"stream"}:
            self._put["stream"] = True
            return "stream = true"
        if sent.get("stream") and _NO_STREAM.search(words) and "stream_options" not in named:
            self._put["stream"] = False
            return "stream = false"
        for name in named:
            if told := self._avoid(name, words, sent):
                return told
        if not named and _NAMELESS.search(words):
            extra = sent.keys() - _KEPT - {*_LIMITS, "stream", *self._put}
            self._drop |= extra
            return f"without {', '.join(sorted(extra))}" if extra else ""
        return ""

    def _avoid(self, name: str, words: str, sent: dict[str, Any]) -> str:
        """How a field that a refusal names is avoided; empty where it cannot be."""
        instead = next((one or two for one, two in _INSTEAD.findall(words)), "")
        if name in _LIMITS:
            other = _LIMITS[1 - _LIMITS.index(name)]
            instead = instead or (other if _names(words, other) else "")
            below = [int(n) for n in re.findall(r"\d+", words) if 16 <= int(n) < sent[name]]
            if not instead and below:
                self._caps[name] = max(below)
                return f"{name} = {max(below)}"
            instead = instead or other
        if instead and instead != name and instead not in sent:
            if name in self._rename.values():  # it has been renamed once, to no avail
                return ""
            self._rename[name] = instead
            return f"{name} -> {instead}"
        if name in _LIMITS or name == "stream":
            return ""
        self._put.pop(name, None)
        self._drop |= {name, *(old for old, new in self._rename.items() if new == name)}
        return f"without {name}"


def _names(words: str, field: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(field.lower())}(?!\w)", words) is not None


def _has_system(sent: dict[str, Any]) -> bool:
    return any(message["role"] in ("system", "developer") for message in sent["messages"])


def _without_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages with what the system says put at the beginning of the user's first."""
    said = [m["content"] for m in messages if m["role"] in ("system", "developer")]
    rest = [dict(m) for m in messages if m["role"] not in ("system", "developer")]
    if said and rest and rest[0]["role"] == "user" and isinstance(rest[0]["content"], str):
        rest[0]["content"] = "\n\n".join([*said, rest[0]["content"]])
        return rest
    return [{"role": "user", "content": "\n\n".join(said)}, *rest] if said else rest
