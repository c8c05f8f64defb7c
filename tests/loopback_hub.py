"""A model hub on the loopback, with the protocols and the faults of the real ones."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Hub:
    """A server that speaks both hubs' protocols over some files, with the faults asked for."""

    files: dict[str, bytes]
    ignores_range: bool = False
    breaks_after: int | None = None  # bytes of each answer, once a file
    breaks_always: bool = False
    corrupts: bool = False
    listed_at: str = "/api/models/"
    asked: list[tuple[str, str]] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    sent: int = 0

    def __enter__(self) -> Hub:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Says nothing."""

            def do_GET(self) -> None:
                hub.answer(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def root(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def fetched(self, path: str) -> list[str]:
        """The ranges in which a file was asked for, probes left out."""
        return [span for asked, span in self.asked if asked == path and span != "bytes=0-0"]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answers one request."""
        if "/api/" in request.path:
            self._list(request)
            return
        found = re.search(r"/resolve/[^/]+/(.*)$", request.path)
        path = found[1] if found else ""
        span = request.headers.get("Range", "")
        self.asked.append((path, span))
        if path not in self.files:
            request.send_error(404)
            return
        self._send(request, path, span)

    def _list(self, request: BaseHTTPRequestHandler) -> None:
        if not request.path.startswith(self.listed_at) or "absent" in request.path:
            request.send_error(404)
            return
        rows: object = [_hugging_face(path, body) for path, body in self.files.items()]
        if "v1" in self.listed_at:
            listed = [
                {
                    "Path": path,
                    "Size": len(body),
                    "Type": "blob",
                    "Sha256": hashlib.sha256(body).hexdigest(),
                }
                for path, body in self.files.items()
            ]
            rows = {"Code": 200, "Data": {"Files": listed}}
        body = json.dumps(rows).encode()
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _send(self, request: BaseHTTPRequestHandler, path: str, span: str) -> None:
        body = self.files[path]
        if self.corrupts and path.endswith((".bin", ".gguf")):
            body = body[:-1] + b"!"
        start, end = 0, len(body)
        if span and not self.ignores_range:
            first, _, last = span.removeprefix("bytes=").partition("-")
            start, end = int(first), int(last) + 1 if last else end
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(body)}")
        else:
            request.send_response(200)
        request.send_header("Content-Length", str(end - start))
        request.end_headers()
        part = body[start:end]
        breaks = self.breaks_always or path not in self.broken
        if self.breaks_after is not None and len(part) > self.breaks_after and breaks:
            self.broken.add(path)
            part = part[: self.breaks_after]
        with contextlib.suppress(OSError):  # a probe that has heard enough
            request.wfile.write(part)
        self.sent += len(part)
        request.close_connection = True


def _hugging_face(path: str, body: bytes) -> dict[str, object]:
    row: dict[str, object] = {"type": "file", "path": path, "size": len(body)}
    # git's own name of a file's content, as the hub gives it for small files
    row["oid"] = hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
    if len(body) > 100_000:
        row["lfs"] = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body)}
    return row
