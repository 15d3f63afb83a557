# SPDX-License-Identifier: Apache-2.0
"""A provider on loopback that sends raw frames, so that the real LiteLLM reads a real connection in tests."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

EVENT_STREAM = "text/event-stream"
NDJSON = "application/x-ndjson"

Ending = Literal["eof", "broken", "reset"]
"""How the body ends: whole, without the last HTTP chunk, or by a TCP reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one request."""

    frames: list[bytes]
    media: str = EVENT_STREAM
    ending: Ending = "eof"


def sse(*events: object) -> list[bytes]:
    """Server-sent events without a name; a string is sent as it stands."""
    return [f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode() for event in events]


def named_sse(*events: dict[str, Any]) -> list[bytes]:
    """Server-sent events named by their `type`, as Anthropic and the Responses API send them."""
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


def ndjson(*events: object) -> list[bytes]:
    """One JSON text per line, as Ollama sends them."""
    return [json.dumps(event).encode() + b"\n" for event in events]


class Provider:
    """Answers every POST below an address given out by `serves` with the answers stored there, in turn; the last one stays.

    POST /token gives a Google access token.
    """

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        """The bodies of the requests so far, in order of arrival."""
        self._answers: list[list[Answer]] = []
        self._lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/token":
                    token = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
                    _send(self, Answer(frames=[json.dumps(token).encode()], media="application/json"))
                else:
                    provider.bodies.append(json.loads(body))
                    _send(self, provider._next(self.path))

            def log_message(self, format: str, *args: Any) -> None:
                """Stays silent: the test says what went wrong."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serves(self, *answers: Answer) -> str:
        """Stores answers; returns the address below which they are given."""
        with self._lock:
            self._answers.append(list(answers))
            return f"{self.base}/r/{len(self._answers) - 1}"

    def _next(self, path: str) -> Answer:
        number = int(path.removeprefix("/r/").partition("/")[0].partition(":")[0])
        with self._lock:
            answers = self._answers[number]
            return answers.pop(0) if len(answers) > 1 else answers[0]


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    handler.close_connection = True
    handler.send_response(200)
    for name, value in (("Content-Type", answer.media), ("Transfer-Encoding", "chunked"), ("Connection", "close")):
        handler.send_header(name, value)
    handler.end_headers()
    for frame in answer.frames:
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(frame), frame))
    if answer.ending == "eof":
        handler.wfile.write(b"0\r\n\r\n")
    elif answer.ending == "reset":
        time.sleep(0.1)  # a reset overtakes what the reader has not yet taken
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
