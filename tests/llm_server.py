"""An OpenAI-compatible server on loopback that says what a test tells it to, or fails as it is told to."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class ScriptedModel:
    """Answers each chat completion with `text`, streamed word by word, or as one of `plays` says.

    `plays` are used up one a request, the last one again and again: "" answers, "cut" closes the connection after a few
    words, "end" stops there without a last piece, "hang" says nothing, "tools" calls a tool instead of writing, "page"
    answers with a web page, a number is that HTTP status. `obey` makes the text from what was sent.
    """

    def __init__(
        self, text: str = "", plays: tuple[str, ...] = ("",), obey: Callable[[str], str] | None = None
    ) -> None:
        self.text, self.plays, self.obey = text, list(plays), obey
        self.retry_after = ""
        self.pause_s = 0.0  # between words
        self.usage: dict[str, int] | None = None
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.closed_by_client = threading.Event()
        self._ending = threading.Event()
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                model.requests.append(body)
                model.keys.append(self.headers.get("Authorization", ""))
                play = model.plays.pop(0) if len(model.plays) > 1 else model.plays[0]
                try:
                    self._play(play, body)
                except (BrokenPipeError, ConnectionResetError):
                    model.closed_by_client.set()

            def _play(self, play: str, body: dict[str, Any]) -> None:
                if play.isdigit():
                    self.send_response(int(play))
                    if model.retry_after:
                        self.send_header("Retry-After", model.retry_after)
                    self.end_headers()
                    said = f"Incorrect API key: {self.headers.get('Authorization')}"  # as a careless provider would
                    self.wfile.write(json.dumps({"error": {"message": said}}).encode())
                    return
                if play == "hang":
                    model._ending.wait(30)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if play == "page" else "text/event-stream")
                self.end_headers()
                if play == "page":
                    self.wfile.write(b"<html><body>Sign in to continue</body></html>")
                    return
                text = model.obey(body["messages"][-1]["content"]) if model.obey else model.text
                pieces = [piece + " " for piece in text.split(" ")] if text else []
                if play == "tools":
                    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "mail", "arguments": "{}"}}
                    self._send({"tool_calls": [call]}, "tool_calls")
                    pieces = []
                for piece in pieces[:6] if play in ("cut", "end") else pieces:
                    self._send({"role": "assistant", "content": piece}, None)
                    if model._ending.wait(model.pause_s):
                        return
                if play == "cut":
                    self.wfile.flush()
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if play == "":
                    self._send({}, "stop")
                    if model.usage:
                        self._write({"choices": [], "usage": model.usage})
                    self.wfile.write(b"data: [DONE]\n\n")

            def _send(self, delta: dict[str, Any], reason: str | None) -> None:
                self._write({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

            def _write(self, chunk: dict[str, Any]) -> None:
                whole = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "scripted", **chunk}
                self.wfile.write(f"data: {json.dumps(whole)}\n\n".encode())
                self.wfile.flush()

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()


def waited(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether `condition` came true within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
