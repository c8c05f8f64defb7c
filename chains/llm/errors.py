"""What a failed call means, whichever provider's package raised the error.

The words of the body decide where they are clear, since servers disagree about statuses: an
unknown key comes under 400, a text that is not welcome under 403, an empty account under 429.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal[
    "wrong_key",
    "no_access",
    "not_found",
    "no_route",
    "page",
    "no_money",
    "lost",
    "too_long",
    "refused",
]

_LAYERS = 8  # of packages between the socket and us
UNREADABLE_TRIES = 3  # of a request answered under status 200 with what no client can read
_UNAUTHORIZED, _PAYMENT, _FORBIDDEN, _NOT_FOUND, _TOO_LARGE = 401, 402, 403, 404, 413
_BAD, _PROXY, _TOO_MANY, _SERVER_ERROR, _UNAVAILABLE, _LAST = 400, 407, 429, 500, 503, 599
_TRANSIENT = (408, 409, 425, _TOO_MANY)
# By name, because every provider's package has its own of each.
_CONNECTION = {"APIConnectionError", "APITimeoutError", "TransportError"}

_LACKING = (
    r"not (?:be )?found|not exists?\b|doesn'?t exist|not available|unavailable|not supported"
    r"|unknown|invalid|not valid|not open|no available channel"
    r"|不存在|未找到|无效|无可用渠道"
)
_NEAR = r"(?:[^.;，。\n]|\.(?=\S)){0,80}?"  # within a clause; names of models hold points
_MONEY = re.compile(
    r"insufficient[_ ](?:\w+[_ ]){0,2}(?:quota|balance|credit|fund)"
    r"|exceeded[_ ](?:your[_ ])?current[_ ]quota|credit balance|out of credits"
    r"|more credits|quota (?:is )?exhausted|arrear|overdue"
    r"|billing_(?:hard_limit|not_active)|余额不足|余额已|欠费|额度不足|额度已|额度失败|无可用资源包|充值"
)
# Of OpenAI, Anthropic, Moonshot, DashScope, Ark, Hunyuan and the gateways like them; letters only.
_MONEY_CODE = re.compile(
    r"insufficient\w*(?:quota|balance|credit|fund)|exceededcurrentquota|outofcredit|arrear|overdue"
    r"|billing|paymentrequired|freetieronly|resource(?:package|pack)?exhaust"
)
_MONEY_NUMBERS = frozenset({"1113", "1008", "30001"})  # Zhipu, MiniMax, SiliconFlow
_CODE_NAMES = frozenset({"code", "type", "error_code", "status_code", "errorcode"})
_RATE = re.compile(r"per minute|retrydelay|retry in|每分钟|rate.?limit.{0,40}minute")
_BUSY = re.compile(
    r"rate.?limit|too many requests|busy|overload|try again later|繁忙|限流|稍后|频率"
)
_MODERATED = re.compile(
    r"content.?filter|content management policy|data.?inspection|inappropriate|content.?policy"
    r"|moderation|sensitive|flagged|content exists risk|safety (?:system|policy|setting)"
    r"|unsafe content|敏感|违规|不合规|不安全|内容安全"
)
_MODEL = re.compile(
    rf"model{_NEAR}(?:{_LACKING})|(?:unknown|invalid|no such|no|find|access to) "
    rf"(?:the )?model\b|模型{_NEAR}(?:{_LACKING})|model_?not_?(?:found|exist|open)"
)
_OTHER_FIELD = re.compile(r"parameter|argument|\bfield\b|参数|with this model|by this model")
_KEY = re.compile(
    r"(?:api.?key|credential|authenticat\w*|密钥|令牌|apikey)[^.;，。\n]{0,60}?(?:invalid|incorrect|wrong"
    r"|not valid|expired|fail|missing|revoked|disabled|无效|错误|过期|失败|不正确|不存在)"
    r"|(?:invalid|incorrect|wrong|no|missing|expired|无效的?|错误的?|过期的?)[ _-]?(?:\w+ ){0,2}"
    r"(?:api.?key|credential|authentication|令牌|密钥)|login fail"
)
_ACCESS = re.compile(
    r"country|region|territor|location|permission|not (?:been )?(?:allowed|authorized|permitted)"
    r"|access (?:is )?denied|denied access|do(?:es)? not have access|block|\bip\b"
    r"|(?:white|allow)list|suspend|deactivated|banned|地区|区域|权限|白名单|封禁|冻结|未开通|实名"
)
_ROUTE = re.compile(r"\bpage\b|\bpath\b|route|\burl\b|endpoint|cannot post|no static resource")
_HTML = re.compile(r"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_TITLE = re.compile(r"<(title|h1)[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(?:script|style).*?</(?:script|style)>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_WORDS = (
    *("message", "msg", "detail", "error_msg", "status_msg", "error_description", "description"),
    *("error", "errors", "base_resp", "Message", "reason", "title", "code"),
)


def classify(error: BaseException) -> Kind:
    """The kind of failure, for a caller to turn into its own error and sentence.

    Args:
        error: The last failure of a request, after all its retries.

    Returns:
        ``wrong_key``: the key is refused. ``no_access``: the account or the place is turned away.
        ``not_found``: the model is unknown. ``no_route``: the address has no such path. ``page``:
        a web page answers, as of a proxy. ``no_money``: the account is used up. ``lost``: the
        server is busy, broken or unreachable. ``too_long``: the request does not fit the model's
        context. ``refused``: anything else.
    """
    status = status_of(error)
    if status:
        return kind_of(status, _said(error))
    if may_pass(error):
        return "lost"
    return "too_long" if is_overflow(error) else "refused"


def kind_of(status: int, said: str) -> Kind:
    """The kind of failure that a status and the body beside it mean; as for ``classify``.

    Args:
        status: Of HTTP, 400 or above.
        said: The whole body, as text.
    """
    if status == _PROXY or (is_page(said) and status < _SERVER_ERROR):
        return "page"
    if _is_money_by_code(status, said):
        return "no_money"
    said = plain_words(said)
    told = _told(status, said)
    if told:
        return told
    if status == _NOT_FOUND:
        return "no_route" if _ROUTE.search(said) or said.strip() == "not found" else "not_found"
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return "wrong_key"
    if status in _TRANSIENT or status >= _SERVER_ERROR:
        return "lost"
    return "too_long" if status == _TOO_LARGE or _overflows(said) else "refused"


def _told(status: int, said: str) -> Kind | None:
    """The kind of failure that the words name, where they may do so under this status."""
    if _is_money(status, said):
        return "no_money"
    model = _MODEL.search(said) and not _OTHER_FIELD.search(said)
    if status >= _SERVER_ERROR or status == _TOO_MANY:
        # A gateway that has the model from nobody says that it is out of service.
        gone = status == _UNAVAILABLE and re.search(
            r"model_not_found|无可用渠道|available channel", said
        )
        return "not_found" if gone else None
    if _MODERATED.search(said):
        return "refused"
    if status == _BAD and _overflows(said):
        return "too_long"
    if _KEY.search(said):
        return "wrong_key"
    if model:
        return "not_found"
    if status in (_UNAUTHORIZED, _FORBIDDEN) and _ACCESS.search(said):
        return "no_access"
    return None


def _is_money(status: int, words: str) -> bool:
    return status < _SERVER_ERROR and bool(_MONEY.search(words)) and not _RATE.search(words)


def _is_money_by_code(status: int, said: str) -> bool:
    """Whether the status or a code of the body says that the account is used up, in any words."""
    return status == _PAYMENT or any(
        code in _MONEY_NUMBERS or _MONEY_CODE.search(re.sub(r"[\W\d_]+", "", code).lower())
        for code in _codes(_decoded(said))
    )


def _codes(body: object) -> Iterator[str]:
    """The values of a decoded body's codes and types, at whatever depth."""
    for name, value in body.items() if isinstance(body, dict) else ():
        if isinstance(value, str | int) and str(name).lower() in _CODE_NAMES:
            yield str(value)
        yield from _codes(value)
    for value in body if isinstance(body, list) else ():
        yield from _codes(value)


def may_pass(error: BaseException, tries: int = 1) -> bool:
    """Whether a retry may help: after rate limits, server faults and broken connections.

    Args:
        error: Whatever a call raised.
        tries: How often this request has failed.
    """
    status = status_of(error)
    if status:
        return kind_of(status, _said(error)) == "lost"
    if is_certificate(error):
        return False
    if isinstance(error, ConnectionError | TimeoutError) or is_connection(error):
        return True
    # An error object under status 200 fails in whatever reads it.
    unreadable = isinstance(error, ValueError | TypeError | KeyError | AttributeError)
    return unreadable and not isinstance(error, UnicodeError) and tries < UNREADABLE_TRIES


def is_connection(error: BaseException) -> bool:
    """Whether a call failed before there was any reply."""
    return not _CONNECTION.isdisjoint(kind.__name__ for kind in type(error).__mro__)


def is_certificate(error: BaseException | None) -> bool:
    """Whether a connection failed because TLS could not be agreed on, which no retry mends."""
    for _ in range(_LAYERS):
        if error is None:
            return False
        if re.search(r"CERTIFICATE_VERIFY|WRONG_VERSION_NUMBER|\[SSL", str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def is_overflow(error: BaseException) -> bool:
    """Whether a request was refused because it is longer than the model's context."""
    return _overflows(plain_words(_said(error)))


def _overflows(words: str) -> bool:
    long = ("too long", "too large", "too many", "length", "exceed", "limit", "超", "过长")
    what = ("context", "token", "prompt", "input", "上下文", "输入", "长度")
    return any(word in words for word in long) and any(word in words for word in what)


def is_about_schema(reason: str) -> bool:
    """Whether a request was refused because it asks for JSON under a schema."""
    words = reason.lower()
    return any(word in words for word in ("response_format", "json_schema", "schema", "grammar"))


def is_page(said: str) -> bool:
    """Whether a body is a web page."""
    return bool(_HTML.search(said[:2000]))


def status_said(body: Any) -> int:
    """The status that an error object under status 200 should have had; 0 for no such object.

    Args:
        body: The decoded JSON of a reply without choices.
    """
    if not isinstance(body, dict):
        return 0
    inner = body.get("error") or body.get("base_resp") or body
    code = inner.get("code", body.get("code")) if isinstance(inner, dict) else body.get("code")
    if str(code).isdigit() and _BAD <= int(str(code)) <= _LAST:
        return int(str(code))
    if not words_in(body):
        return 0
    busy = _BUSY.search(plain_words(json.dumps(body)))
    return _UNAVAILABLE if busy else _BAD


def status_of(error: BaseException) -> int:
    """The HTTP status a call failed with; 0 where there was none."""
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else 0


def reason_of(error: BaseException) -> str:
    """The provider's own explanation, on one line of at most 300 characters."""
    said = words_in(getattr(error, "body", None)) or words_in(str(error))
    cause = error.__cause__
    if cause is not None and is_connection(error) and not status_of(error):
        said = str(cause) or said
    return said[:300] or type(error).__name__


def words_in(body: object) -> str:
    """The explanation in an error's body, on one line; empty where there is none.

    Args:
        body: Text, a web page, or decoded JSON of any shape.
    """
    if isinstance(body, str):
        if is_page(body):
            title = _TITLE.search(body)
            body = title[2] if title else body
            body = _TAG.sub(" ", body)
        elif body.lstrip().startswith(("{", "[")):
            try:
                return words_in(json.loads(body)) or " ".join(body.split())
            except ValueError:
                pass
        return " ".join(body.split())
    if isinstance(body, list):
        return "; ".join(filter(None, map(words_in, body)))
    if not isinstance(body, dict):
        return str(body) if isinstance(body, int) and not isinstance(body, bool) else ""
    said = next((words for name in _WORDS if (words := words_in(body.get(name)))), "")
    place = body.get("loc")
    where = ".".join(str(part) for part in place) if isinstance(place, list) else ""
    return f"{where}: {said}" if where and said else said


def plain_words(said: str) -> str:
    """All words of an error's body in lower case, each value of its JSON on lines of its own.

    Args:
        said: The body, as text.
    """
    return "\n".join(_strings(_decoded(said))).lower()


def _decoded(said: str) -> object:
    """A body's JSON, or the text itself where it is none."""
    try:
        return json.loads(said) if said.lstrip()[:1] in ("{", "[") else said
    except (ValueError, RecursionError):
        return said


def _strings(body: object) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    for value in inner:
        yield from _strings(value)


def _said(error: BaseException) -> str:
    body = getattr(error, "body", None)
    if not body:
        return str(error)
    return body if isinstance(body, str) else json.dumps(body, default=str)
