"""A simulated OpenAI-compatible model over real HTTP: fixed latency, chosen faults, counted calls.

Its reply is a function of the prompt, so that two runs over the same document give the same pairs.

    python -m bench.simulated --latency 0.2        prints its address, serves until stdin closes
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

MATERIAL = re.compile(r"(?:文字：|Text:)\n(.*)\Z", re.DOTALL)
LIST = re.compile(
    r"(?:Text|Passage|资料)[:：]\n(?P<passage>.*)\n\n"
    r"(?:Pairs to check|要检查的问答对)[:：]\n(?P<pairs>.*)\Z",
    re.DOTALL,
)
ITEM = re.compile(
    r"(?:\A|\n)(\d+)\. (?:Q: |问：)(.*?)\n   (?:A: |答：)(.*?)(?=\n\d+\. (?:Q: |问：)|\Z)",
    re.DOTALL,
)
ABOUT = re.compile(r"关于“(.*)”说了什么|What is said about (.*)\?")
SENTENCE = re.compile(r"[^。！？\n]{6,}?(?:[。！？]|[.!?](?=\s|$))")


@dataclass(frozen=True)
class Faults:
    """Shares of prompts (0..1) that go wrong; passing faults only at a prompt's first call.

    ``refused_word``: prompts that contain it are answered 400, always. ``filtered_word``: they get
    an empty reply whose finish reason is ``content_filter``. ``always``: passing faults never pass.
    ``storm``: from when to when after the first call every call is answered 429, with
    ``retry_after`` as its header if there is one.
    """

    malformed: float = 0.0
    truncated: float = 0.0
    too_many: float = 0.0
    broken: float = 0.0
    dropped: float = 0.0
    slow: float = 0.0
    slow_seconds: float = 3.0
    refused_word: str = ""
    filtered_word: str = ""
    always: bool = False
    storm: tuple[float, float] = (0.0, 0.0)
    retry_after: str = ""


def pairs_reply(messages: list[dict[str, str]]) -> str:
    """One pair for every sentence of the prompt's text, in the language of the sentence."""
    found = MATERIAL.search(messages[-1]["content"])
    if not found and len(messages) > 1:
        found = MATERIAL.search(messages[-3]["content"]) if len(messages) > 2 else None
    text = found[1] if found else messages[-1]["content"]
    lines: list[str] = []
    for sentence in (match[0].strip() for match in SENTENCE.finditer(text)):
        head = sentence[:8].strip()
        if re.search("[\u4e00-\u9fff]", sentence):
            lines += [f"问：关于“{head}”说了什么？", f"答：{sentence}"]
        else:
            lines += [f"Q: What is said about {head}?", f"A: {sentence}"]
    return "\n".join(lines) or "没有可以提问的内容。There is nothing to ask about."


def judge_reply(messages: list[dict[str, str]]) -> str | None:
    """A good judge's word on a list of such pairs; None for a request that holds no list."""
    found = LIST.search(messages[-1]["content"])
    if not found:
        return None
    chinese = "问：" in found["pairs"]
    lines = []
    for number, question, answer in ITEM.findall(found["pairs"]):
        about = ABOUT.search(question)
        right = answer in found["passage"] and (
            about is None or answer.startswith(about[1] or about[2])
        )
        verdict = ("是｜" if right else "否｜") if chinese else ("yes | " if right else "no | ")
        lines.append(f"{number}. {verdict}{answer if right else '?'}".replace("\n", " "))
    return "\n".join(lines)


@dataclass
class Simulated:
    """The server; use it as a context.

    Args:
        latency: Seconds a call takes.
        faults: What goes wrong.
        reply: The reply's text as a function of the messages.
        model: The only model there is.
        context: Longer requests, in characters, are refused; 0 for any length.
        schema: Whether a ``response_format`` is honoured; else it is refused.
        cuts: Whether replies end at their token limit, of a character each, under the finish
            reason of whole ones, as ChatGLM3 servers do it.
        key: Calls with another key are answered 401; empty for any key.
        judge: The reply to a request to check pairs, or the status that it is refused with; None
            for a request that is none.
        bound: How a reply is written under a ``response_format``; None for JSON of its pairs.

    Attributes:
        checks: How often a list of pairs was judged; such requests know no faults, and count in
            nothing else.
        calls: How often each prompt (its digest) was answered with status 200.
        asked: How often each prompt was sent at all.
        struck: The faults that fell on some prompt.
        times: When each call came, of whatever kind.
        most_at_once: The largest number of calls under way together.
    """

    latency: float = 0.0
    faults: Faults = field(default_factory=Faults)
    reply: Callable[[list[dict[str, str]]], str] = pairs_reply
    model: str = "simulated"
    key: str = ""
    context: int = 0
    cuts: bool = False
    schema: bool = True
    judge: Callable[[list[dict[str, str]]], str | int | None] = judge_reply
    bound: Callable[[str], str] | None = None
    checks: int = 0
    began: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    struck: set[str] = field(default_factory=set)
    most_at_once: int = 0
    at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Simulated:
        simulated = self

        class Handler(_Handler):
            server_state = simulated

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def base_url(self) -> str:
        """The address, ending in /v1."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignores clients that disconnect."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: Simulated
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Nothing is logged."""

    def do_GET(self) -> None:
        if self._refused_key():
            return
        self._answer(200, {"object": "list", "data": [{"id": self.server_state.model}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._refused_key():
            return
        state = self.server_state
        if body["model"] != state.model:
            self._answer(404, {"error": {"message": f"no model {body['model']}"}})
            return
        with state.lock:
            state.times.append(time.monotonic())
        messages = body["messages"]
        judged = state.judge(messages)
        if isinstance(judged, int):
            self._answer(judged, {"error": {"message": "no lists here"}})
            return
        if judged is not None:
            with state.lock:
                state.checks += 1
            time.sleep(state.latency)
            self._complete("check", body, messages, judged, "stop")
            return
        digest = sha256(json.dumps(messages).encode()).hexdigest()
        with state.lock:
            state.asked[digest] += 1
            first = state.asked[digest] == 1
            state.began = state.began or time.monotonic()
            state.at_once += 1
            state.most_at_once = max(state.most_at_once, state.at_once)
        try:
            time.sleep(state.latency)
            self._reply(body, messages, digest, first=first)
        finally:
            with state.lock:
                state.at_once -= 1

    def _reply(
        self, body: dict[str, Any], messages: list[dict[str, str]], digest: str, *, first: bool
    ) -> None:
        state, faults = self.server_state, self.server_state.faults
        chance = int(digest[:8], 16) / 0x1_0000_0000
        if refusal := self._refusal(body, messages):
            wait = faults.retry_after if refusal[0] == 429 else ""
            told = {"error": {"message": refusal[1]}}
            self._answer(refusal[0], told, {"Retry-After": wait} if wait else {})
            return
        fault = _fault_at(faults, chance)
        state.struck.add(fault)
        if (first or faults.always) and self._passing_fault(fault):
            return
        text, finish = state.reply(messages), "stop"
        if fault == "malformed" and len(messages) < 6:
            text = "好的，我来看看 [ { 这个 {{ ]"
        elif fault == "truncated" and len(text) > 40:
            text, finish = text[: len(text) * 2 // 3], "length"
        if faults.filtered_word and faults.filtered_word in messages[-1]["content"]:
            text, finish = "", "content_filter"
        most = body.get("max_tokens", 1024)
        text = (state.bound or _as_json)(text) if body.get("response_format") else text
        text = text[:most] if state.cuts else text
        with state.lock:
            state.calls[digest] += 1
        self._complete(digest[:8], body, messages, text, finish)

    def _complete(
        self,
        id_: str,
        body: dict[str, Any],
        messages: list[dict[str, str]],
        text: str,
        finish: str,
    ) -> None:
        state, most = self.server_state, body.get("max_tokens", 1024)
        usage = {
            "prompt_tokens": sum(len(message["content"]) for message in messages),
            "completion_tokens": min(len(text), most - (not state.cuts)),
        }
        usage["total_tokens"] = sum(usage.values())
        choice = {
            "index": 0,
            "finish_reason": finish,
            "message": {"role": "assistant", "content": text},
        }
        self._answer(
            200,
            {
                "id": id_,
                "object": "chat.completion",
                "created": 0,
                "model": state.model,
                "choices": [choice],
                "usage": usage,
            },
        )

    def _refusal(
        self, body: dict[str, Any], messages: list[dict[str, str]]
    ) -> tuple[int, str] | None:
        """Status and message of a permanent refusal; storms are handled apart."""
        state, faults = self.server_state, self.server_state.faults
        if faults.storm[0] <= time.monotonic() - state.began < faults.storm[1]:
            return 429, "too many requests"
        if faults.refused_word and faults.refused_word in messages[-1]["content"]:
            return 400, "this text is not welcome"
        asked = sum(len(message["content"]) for message in messages)
        if state.context and asked > state.context:
            return 400, f"maximum context length is {state.context} tokens, you requested {asked}"
        if body.get("response_format") and not state.schema:
            return 400, "response_format is not supported"
        return None

    def _passing_fault(self, fault: str) -> bool:
        if fault == "too_many":
            self._answer(429, {"error": {"message": "slow down"}}, {"Retry-After": "0.1"})
        elif fault == "broken":
            self._answer(500, {"error": {"message": "broken"}})
        elif fault == "dropped":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault == "slow":
            time.sleep(self.server_state.faults.slow_seconds)
            return False
        else:
            return False
        return True

    def _refused_key(self) -> bool:
        key = self.server_state.key
        if key and self.headers.get("Authorization") != f"Bearer {key}":
            self._answer(401, {"error": {"message": "wrong key"}})
            return True
        return False

    def _answer(
        self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        raw = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


def _as_json(text: str) -> str:
    """Question and answer lines as a model bound to a schema writes them."""
    said = [line[2:].strip() for line in text.splitlines()]
    rows = [{"question": q, "answer": a} for q, a in zip(said[::2], said[1::2], strict=False)]
    return json.dumps({"pairs": rows}, ensure_ascii=False)


def _fault_at(faults: Faults, chance: float) -> str:
    """The fault injected for a prompt; empty for none."""
    for fault in ("malformed", "truncated", "too_many", "broken", "dropped", "slow"):
        share: float = getattr(faults, fault)
        if chance < share:
            return fault
        chance -= share
    return ""


def main() -> None:
    """Serves until standard input closes, then prints how many calls were answered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    options = parser.parse_args()
    with Simulated(latency=options.latency) as server:
        print(server.base_url, flush=True)
        sys.stdin.read()
        print(sum(server.calls.values()), server.most_at_once, flush=True)


if __name__ == "__main__":
    main()
