"""Servers as they are: what each says, played by a scripted one, and what a run makes of it."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.runs import SMALL, material, run
from bench.scripted_server import (
    Answer,
    Body,
    Script,
    Scripted,
    error,
    good,
    reply,
    streamed,
)
from bench.scripted_server import (
    serving as scripted,
)
from chains.errors import BackendError
from chains.llm.connection import certificates
from chains.run.inputs import Text
from chains.settings import Resolved, resolve
from messages import say
from pairs.files.formats import FORMATS
from pairs.records import PairList

ONE = [Text(text="The bridge was opened in 1889 beside the old river mill of the town.")]


@contextmanager
def serving(script: Script, *given: Any, **more: Any) -> Iterator[Scripted]:
    """A scripted server that was paid for no request twice."""
    with scripted(script, *given, **more) as server:
        yield server
    sent = [json.dumps(body, sort_keys=True) for body in server.paid]
    assert len(set(sent)) == len(sent)


def settings(server: Scripted, **given: Any) -> Resolved:
    asked = {"base_url": server.base_url, "model": "m", "retry_seconds": 0, "check": "off"}
    return resolve({**SMALL, **asked, **given})


def of_table(server: Scripted, tmp_path: Path, table: str) -> Resolved:
    file = tmp_path / "qa3.toml"
    lines = [f'[backends.x]\nbase_url = "{server.base_url}"\nmodel = "m"', table]
    file.write_text("\n".join(lines), encoding="utf-8")
    given = {**SMALL, "backend": "x", "retry_seconds": 0, "check": "off"}
    return resolve(given, config=file)


def listed(server: Scripted, inputs: list[Text], **given: Any) -> PairList:
    result = run(inputs, settings(server, **given)).result
    assert sum(result.states().values()) == len(result.chunks)
    return result


def refused(script: Script, **given: Any) -> tuple[BackendError, Scripted]:
    with serving(script) as server, pytest.raises(BackendError) as caught:
        run(material(6), settings(server, concurrency=8, **given))
    assert "?" not in caught.value.say("zh")
    return caught.value, server


# Half replies


@pytest.mark.parametrize("finish", ["length", "max_tokens", "MAX_TOKENS", "content_filter", None])
def test_a_half_reply_is_never_whole(finish: str | None) -> None:
    half = "Q: What was opened?\nA: The bridge.\nQ: Where?\nA: in a stone house besid"

    def script(body: Body) -> Answer:
        return Answer(reply(body, half, finish))

    with serving(script) as server:
        result = listed(server, ONE, chunk_size=400)
    assert [chunk.state for chunk in result.chunks] == ["failed"]
    assert not any("besid" in pair.answer for pair in result.kept)
    (chunk,) = result.chunks
    assert chunk.reason
    code = {"content_filter": "reply.filtered", None: "reply.broken_off"}
    assert chunk.reason.code == code.get(finish, "reply.truncated")


def test_what_a_half_reply_left_out_is_asked_again() -> None:
    text = " ".join(f"Workshop {n} of the works was opened in {1800 + n}." for n in range(12))

    def script(body: Body) -> Answer:
        whole = reply(body)["choices"][0]["message"]["content"]
        return Answer(reply(body, whole[:90], "network_error") if len(whole) > 700 else reply(body))

    with serving(script) as server:
        result = listed(server, [Text(text=text)], chunk_size=400)
    assert result.complete
    assert len(result.kept) == 12


@pytest.mark.parametrize("stream", [False, True])
def test_a_stream_that_closes_in_the_middle_is_a_cut_reply(tmp_path: Path, *, stream: bool) -> None:
    half = "Q: What was opened?\n|A: The bridge.\n|Q: Where?\n|A: in a stone hou"
    with serving(lambda _: streamed(half, None, done=False)) as server:
        resolved = of_table(server, tmp_path, f"stream = {str(stream).lower()}")
        result = run(ONE, resolved).result
    (chunk,) = result.chunks
    assert (chunk.state, chunk.reason and chunk.reason.code) == ("failed", "reply.broken_off")
    assert len(server.paid) == 1


def test_a_body_shorter_than_it_said_is_asked_again_and_not_kept() -> None:
    def script(body: Body) -> Answer:
        if len(server.asked) > 1:
            return good(body)
        raw = json.dumps(reply(body)).encode()
        return Answer(raw[:120], headers={"Content-Length": str(len(raw))})

    with serving(script) as server:
        assert run(ONE, settings(server, retry_seconds=5)).result.complete
    assert len(server.asked) == 2


def test_a_server_that_never_says_why_it_ends_is_judged_by_its_text() -> None:
    with serving(lambda body: Answer(reply(body, finish=None))) as server:
        result = listed(server, material(6))
    failed = [chunk for chunk in result.chunks if chunk.state == "failed"]
    assert len(failed) <= 1
    assert len(server.asked) <= len(result.chunks) + 2


# The body decides

TURNED_AWAY = [
    (Answer({"error": {"message": "Invalid API key provided"}}, 400), "backend.wrong_key", ""),
    (
        Answer({"error": {"message": "无效的令牌", "type": "new_api_error"}}, 400),
        "backend.wrong_key",
        "",
    ),
    (Answer({"detail": "Authentication failed"}, 401), "backend.wrong_key", ""),
    (
        Answer(
            {"base_resp": {"status_code": 1004, "status_msg": "login fail: Please carry the key"}}
        ),
        "backend.wrong_key",
        "",
    ),
    (Answer({"error": {"message": "Model Not Exist"}}, 400), "backend.not_found", "m"),
    (Answer({"error": "model 'm' not found, try pulling it first"}, 404), "backend.not_found", "m"),
    (
        error("当前分组 default 下对于模型 m 无可用渠道 (distributor)", 503),
        "backend.not_found",
        "m",
    ),
    (error("余额不足或无可用资源包,请充值。", 429), "backend.no_money", "余额不足"),
    (Answer({"error": {"message": "Insufficient Balance"}}, 402), "backend.no_money", "Balance"),
    (error("用户额度不足, 剩余额度: 0", 403), "backend.no_money", "额度不足"),
    (
        error("Country, region, or territory not supported", 403),
        "backend.no_access",
        "territory not supported",
    ),
    (Answer({"errors": ["IP not in allowlist"]}, 403), "backend.no_access", "allowlist"),
    (
        Answer("<html><head><title>Just a moment...</title></head></html>", 403, "text/html"),
        "backend.page",
        "Just a moment...",
    ),
    (
        Answer("<!DOCTYPE html><html><title>Sign in</title></html>", 200, "text/html"),
        "backend.page",
        "Sign in",
    ),
    (Answer({"detail": "Not Found"}, 404), "backend.no_route", "/v1"),
    (Answer("404 page not found", 404, "text/plain"), "backend.no_route", "/v1"),
]


@pytest.mark.parametrize(("answer", "code", "named"), TURNED_AWAY)
def test_the_body_says_why_a_run_cannot_go_on(answer: Answer, code: str, named: str) -> None:
    failure, server = refused(lambda _: answer)
    assert failure.code == code
    for language in ("en", "zh"):
        assert named in failure.say(language)
    assert len(server.asked) <= 2


@pytest.mark.parametrize(
    "answer",
    [
        error("Output data may contain inappropriate content. DataInspectionFailed", 400),
        error("The request was rejected: moderation, flagged as harassment", 403),
        error("Content Exists Risk", 400),
        error("The prompt triggered Azure OpenAI's content management policy.", 400),
        Answer({"detail": "content policy violation"}, 422),
        Answer({"base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}}),
        Answer({"error": {"code": 400, "message": "系统检测到输入可能包含敏感内容"}}),
    ],
)
def test_a_text_that_is_not_welcome_costs_its_sentence(answer: Answer) -> None:
    def script(body: Body) -> Answer:
        return answer if "Workshop 1 was" in body["messages"][-1]["content"] else good(body)

    with serving(script) as server:
        result = listed(server, material(6))
    failed = [chunk for chunk in result.chunks if chunk.state == "failed"]
    assert [chunk.reason and chunk.reason.code for chunk in failed] == ["backend.refused"]
    reason = failed[0].reason
    assert reason
    assert not set("{}[]") & set(str(reason.fields["reason"]))


@pytest.mark.parametrize(
    "said",
    [
        "This model's maximum context length is 4096 tokens. However, you requested 5000",
        "'max_tokens' is too large: 1024. This model's maximum context length is 2048 tokens",
        "the request exceeds the available context size (2048 tokens), try increasing it",
        "Input is too long: prompt has 5000 tokens",
        "Range of input length should be [1, 6144]",
        "输入长度超过模型的最大长度",
        "Invalid request: Your request exceeded model token limit: 8192",
        "prompt is too long: 5000 tokens > 4096 maximum",
        "Please reduce the length of the messages: 5000 tokens, the context holds 4096",
    ],
)
def test_a_request_that_is_too_long_is_asked_in_halves(said: str) -> None:
    text = " ".join(f"Workshop {n} of the works was opened in {1800 + n}." for n in range(12))

    def script(body: Body) -> Answer:
        return (
            error(said) if "Workshop 1 " in str(body) and "Workshop 9 " in str(body) else good(body)
        )

    with serving(script) as server:
        assert listed(server, [Text(text=text)], chunk_size=400).complete


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"error": {"message": "Rate limit reached: too many tokens per minute"}}, 429),
        Answer({"base_resp": {"status_code": 1002, "status_msg": "rate limit, try again later"}}),
        Answer({"error": {"code": 502, "message": "Provider returned error"}}),
        Answer("<html><title>502 Bad Gateway</title></html>", 502, "text/html"),
    ],
)
def test_a_busy_server_is_asked_again(answer: Answer) -> None:
    def script(body: Body) -> Answer:
        return answer if len(server.asked) == 1 else good(body)

    with serving(script) as server:
        assert run(ONE, settings(server, retry_seconds=10)).result.complete


def test_what_is_no_address_of_a_model_is_said_with_its_words() -> None:
    page = Answer("<html><head><title>502 Bad Gateway</title></head></html>", 502, "text/html")
    failure, _ = refused(lambda _: page)
    assert failure.code == "backend.lost"
    assert "502 Bad Gateway" in str(failure)
    assert "<" not in str(failure)


# The form of a request


def _refusing(name: str, said: str, status: int = 400) -> Script:
    return lambda body: error(said, status) if name in body else good(body)


FORMS = [
    (
        _refusing(
            "max_tokens",
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use"
            " 'max_completion_tokens' instead.",
        ),
        {"max_completion_tokens": 1024},
    ),
    (
        _refusing(
            "temperature",
            "Unsupported value: 'temperature' does not support 0.1 with this model. Only the"
            " default (1) value is supported.",
        ),
        {"temperature": None},
    ),
    (_refusing("temperature", "invalid temperature: only 1 is allowed for this model"), {}),
    (_refusing("temperature", "body.temperature: extra inputs are not permitted", 422), {}),
    (
        lambda body: (
            error("Invalid max_tokens value, the valid range of max_tokens is [1, 512]")
            if body["max_tokens"] > 512
            else good(body)
        ),
        {"max_tokens": 512},
    ),
    (
        lambda body: (
            good(body)
            if body.get("enable_thinking") is False
            else error("parameter.enable_thinking must be set to false for non-streaming calls")
        ),
        {"enable_thinking": False},
    ),
    (
        lambda body: (
            streamed(pairs_of(body))
            if body.get("stream")
            else error("This model only support stream mode, please enable the stream parameter.")
        ),
        {"stream": True},
    ),
    (lambda body: streamed(pairs_of(body)), {}),
    (_refusing("temperature", "Additional properties are not allowed: unknown field", 422), {}),
]


def pairs_of(body: Body) -> str:
    said: str = reply(body)["choices"][0]["message"]["content"]
    return said


@pytest.mark.parametrize(("script", "form"), FORMS)
def test_a_form_that_is_refused_is_learnt_once(script: Script, form: Body) -> None:
    with serving(script) as server:
        result = listed(server, material(6), concurrency=4)
        assert result.complete
        assert len(server.asked) - len(server.paid) <= 1
        for name, value in form.items():
            assert all(body.get(name) == value for body in server.paid)
        # A later run finds every reply, whatever form it was asked in.
        before = len(server.asked)
        assert run(material(6), settings(server)).result.usage.calls == 0
        assert len(server.asked) == before


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Unsupported value: 'messages[0].role' does not support 'system' with this model.", 400),
        ("System role not supported", 400),
        ("Conversation roles must alternate user/assistant/user/assistant/...", 500),
        ("该模型不支持 system 角色", 400),
    ],
)
def test_where_no_system_may_speak_the_user_says_it(said: str, status: int, tmp_path: Path) -> None:
    prompt = tmp_path / "own.txt"

    def script(body: Body) -> Answer:
        roles = [message["role"] for message in body["messages"]]
        return error(said, status) if "system" in roles else good(body)

    with serving(script) as server:
        resolved = settings(server, prompt="gpt-3.5", retry_seconds=0)
        result = run(material(4), resolved).result
    assert not prompt.exists()
    assert result.complete
    assert len(server.asked) - len(server.paid) <= 1


def test_several_refusals_in_a_row_are_learnt(tmp_path: Path) -> None:
    def script(body: Body) -> Answer:
        for name in ("frequency_penalty", "temperature", "stop"):
            if name in body:
                return error(f"Unrecognized request argument supplied: {name}")
        return good(body)

    with serving(script) as server:
        table = 'extra_body = { frequency_penalty = 0.3, stop = ["\\n\\n\\n"] }'
        assert run(material(4), of_table(server, tmp_path, table)).result.complete
    assert len(server.asked) - len(server.paid) == 3


def test_what_no_form_mends_is_refused_and_not_asked_for_ever() -> None:
    with serving(lambda _: error("parameter 'temperature' is bad")) as server:
        result = listed(server, ONE)
    assert [chunk.state for chunk in result.chunks] == ["failed"]
    assert len(server.asked) <= 3


def test_a_form_can_be_set(tmp_path: Path) -> None:
    table = 'drop = ["temperature"]\nrename = { max_tokens = "max_completion_tokens" }'
    with serving(good) as server:
        assert run(ONE, of_table(server, tmp_path, table)).result.complete
    (body,) = server.asked
    assert "temperature" not in body
    assert "max_tokens" not in body
    assert body["max_completion_tokens"] == 1024


# Thinking


def test_a_budget_used_up_by_thought_gets_more_room() -> None:
    def script(body: Body) -> Answer:
        if body["max_tokens"] > 1024:
            return good(body)
        return Answer(reply(body, "", "length", reasoning_content="Let me see. " * 9))

    with serving(script) as server:
        assert listed(server, material(6), concurrency=4).complete
        assert len([body for body in server.asked if body["max_tokens"] == 1024]) == 1
        calls = len(server.asked)
        assert run(material(6), settings(server)).result.usage.calls == 0
        assert len(server.asked) == calls


@pytest.mark.parametrize("text", ["", "<think>Let me see, the text says"])
def test_a_budget_that_thought_uses_up_for_good_ends_the_run(text: str) -> None:
    failure, server = refused(lambda body: Answer(reply(body, text, "length", reasoning="Hm.")))
    assert failure.code == "backend.thought"
    for language in ("en", "zh"):
        said = failure.say(language)
        assert "4096" in said
        assert "--max-tokens" in said
    assert len(server.asked) == 2


def thinking(body: Body, *, stream: bool) -> Answer:
    thought = "First the dates, then the names."
    if not stream:
        return Answer(reply(body, reasoning_content=thought))
    said = {"reasoning_content": thought, "content": pairs_of(body)}
    event = {"id": "1", "choices": [{"index": 0, "delta": said, "finish_reason": "stop"}]}
    return Answer(f"data: {json.dumps(event)}\n\ndata: [DONE]\n\n", kind="text/event-stream")


@pytest.mark.parametrize("stream", [False, True])
def test_thoughts_are_kept_with_their_pairs_where_asked(tmp_path: Path, *, stream: bool) -> None:
    with serving(lambda body: thinking(body, stream=stream)) as server:
        table = f"stream = {str(stream).lower()}"
        assert not any(
            pair.reasoning for pair in run(ONE, of_table(server, tmp_path, table)).result.kept
        )
        resolved = of_table(server, tmp_path, table)
        kept = resolved.settings.model_copy(
            update={"keep_reasoning": True, "language": "en", "density": "few"}
        )
        result = run(ONE, resolved.model_copy(update={"settings": kept})).result
    assert result.kept
    assert {pair.reasoning for pair in result.kept} == {"First the dates, then the names."}
    assert not any("dates" in pair.answer for pair in result.kept)
    (line, *_) = b"".join(FORMATS["jsonl"].write(result.kept, "", False)).decode().splitlines()
    assert json.loads(line)["reasoning"] == "First the dates, then the names."


# A part of a request is read


def test_a_prompt_that_the_server_cut_is_seen_by_its_count() -> None:
    text = " ".join(f"Workshop {n} of the works was opened in {1800 + n}." for n in range(60))

    def script(body: Body) -> Answer:
        answer = reply(body)
        count = answer["usage"]["prompt_tokens"]
        answer["usage"]["prompt_tokens"] = min(count, 400)
        return Answer(answer)

    with serving(script) as server:
        done = run([Text(text=text)], settings(server, chunk_size=800))
        calls = len(server.asked)
        assert run([Text(text=text)], settings(server, chunk_size=800)).result.usage.calls == 0
    assert done.result.complete
    assert calls > 1
    (note,) = done.notes
    assert note.code == "backend.prompt_cut"
    for language in ("en", "zh"):
        assert "num_ctx" in note.say(language)


def test_a_server_that_counts_wrongly_ends_no_run() -> None:
    texts = [
        Text(text=" ".join(f"Workshop {n} of {place} closed." for n in range(90)), name=place)
        for place in ("Leith", "Wapping", "Seraing", "Anshan")
    ]

    def script(body: Body) -> Answer:
        answer = reply(body, "There is nothing to ask about.")
        answer["usage"]["prompt_tokens"] = 300
        return Answer(answer)

    with serving(script) as server:
        result = run(texts, settings(server, chunk_size=800, check="off")).result
    assert result.complete
    assert result.states()["nothing"] == len(result.chunks)


def test_what_a_server_taught_is_told_at_the_end_once() -> None:
    said = "Unsupported value: 'temperature' does not support 0.1 with this model."
    with serving(_refusing("temperature", said)) as server:
        done = run(material(4), settings(server))
    (note,) = done.notes
    assert note.code == "backend.learnt"
    for language in ("en", "zh"):
        assert "without temperature" in note.say(language)
        assert "drop" in note.say(language)


@pytest.mark.parametrize(
    "text", ["Q: What was op", "The workshops of the town were many, and of them"]
)
def test_replies_that_are_always_cut_end_the_run_after_two_calls(text: str) -> None:
    with serving(lambda body: Answer(reply(body, text, "length"))) as server:
        result = listed(server, material(6), concurrency=8)
    assert len(server.asked) == 2
    reasons = [chunk.reason for chunk in result.chunks if chunk.reason]
    (ended,) = {reason.say("en") for reason in reasons if reason.code == "backend.always_cut"}
    assert "--max-tokens" in ended
    assert "?" not in next(r for r in reasons if r.code == "backend.always_cut").say("zh")


# Connections


def test_this_machine_is_reached_past_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(good) as server:
        assert listed(server, ONE).complete


@pytest.mark.parametrize(
    ("proxy", "code"),
    [("socks5://user:secret@127.0.0.1:9", "no_socks"), ("http://127.0.0.1:9", "proxy")],
)
def test_a_proxy_that_cannot_be_used_is_named(
    proxy: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    for name in ("ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    resolved = resolve({**SMALL, "base_url": "http://model.invalid/v1", "check": "off"})
    with pytest.raises(BackendError) as caught:
        run(ONE, resolved)
    assert caught.value.code == f"backend.{code}"
    assert "127.0.0.1:9" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_certificate_of_an_own_authority_is_trusted_once_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    made += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    certificates.cache_clear()
    with serving(good, tls=tls) as server:
        with pytest.raises(BackendError) as caught:
            run(ONE, settings(server))
        assert caught.value.code == "backend.certificate"
        for language in ("en", "zh"):
            assert "SSL_CERT_FILE" in caught.value.say(language)
        monkeypatch.setenv("SSL_CERT_FILE", certificate)
        certificates.cache_clear()
        assert listed(server, ONE).complete
    certificates.cache_clear()


def test_an_address_that_speaks_no_tls_is_said() -> None:
    with serving(good) as server, pytest.raises(BackendError) as caught:
        run(ONE, settings(server, base_url=server.base_url.replace("http", "https")))
    assert caught.value.code == "backend.no_tls"
    assert "http://" in caught.value.say("zh")


@pytest.mark.parametrize("tail", ["", "/", "/chat/completions", "/v1", "/models", "/v1/v1/"])
def test_an_address_is_mended(tail: str) -> None:
    with serving(good) as server:
        assert listed(server, ONE, base_url=server.base_url + tail).complete
    assert {re.sub(r"/+", "/", path) for _, path in server.heads} == {
        "/v1/models",
        "/v1/chat/completions",
    }


@pytest.mark.parametrize(
    "answer", [Answer({"detail": "Not Found"}, 404), Answer("<html>", 200, "text/html")]
)
def test_a_missing_version_is_found(answer: Answer) -> None:
    models = {"/v1/models": Answer({"data": []})}
    with serving(good, lambda path: models.get(path, answer)) as server:
        assert listed(server, ONE, base_url=server.base_url.removesuffix("/v1")).complete
    assert server.heads[-1][1] == "/v1/chat/completions"


@pytest.mark.parametrize(("key", "odd"), [("ｓk-123456", "U+FF53"), ("sk-12\n34", "U+000A")])
def test_a_key_that_no_request_can_carry_is_said(
    key: str, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    failure, server = refused(good, backend="gpt-3.5")
    assert failure.code == "backend.odd_key"
    assert odd in str(failure)
    assert "OPENAI_API_KEY" in failure.say("zh")
    assert "34" not in str(failure)
    assert not server.heads


def test_replies_without_a_choice_end_the_run() -> None:
    with serving(lambda body: Answer({**reply(body), "choices": []})) as server:
        result = run(material(6), settings(server)).result
    assert len(server.asked) == 2
    reasons = [chunk.reason.code for chunk in result.chunks if chunk.reason]
    assert set(reasons) - {"chunk.repeated"} == {"reply.empty", "backend.empty"}
    assert reasons.count("reply.empty") == 1
    assert "{" not in say("backend.empty", "zh", backend="x", address="y")


def test_a_line_that_was_closed_while_idle_is_opened_again() -> None:
    def script(body: Body) -> Answer:
        return Answer(reply(body), headers={"Content-Length": str(len(Answer(reply(body)).raw))})

    with serving(script) as server:
        assert listed(server, material(4), retry_seconds=5).complete
