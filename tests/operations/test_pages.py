"""A page crosses from the loop into a thread and back once; what is streamed comes piece by piece; nothing stays open."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from huying.config.pages import IN_MEMORY, Message, Page

SCOPE: Message = {
    "type": "http",
    "method": "POST",
    "path": "/说",
    "query_string": b"a=1",
    "http_version": "1.1",
    "headers": [(b"host", b"localhost"), (b"content-length", b"3")],
}


class Answer:
    """What Django returns: iterable, closed when it is over."""

    def __init__(self, pieces: list[bytes], *, streaming: bool, breaks: bool = False) -> None:
        self.pieces, self.streaming, self.breaks = pieces, streaming, breaks
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.breaks:
            raise OSError("the disk is gone")

    def close(self) -> None:
        self.closed = True


def run(answer: Answer, asked: list[Message], scope: Message = SCOPE) -> tuple[list[Message], dict[str, Any]]:
    """What was sent, and what the application saw."""
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start: Callable[..., None]) -> Answer:
        seen.update(
            body=environ["wsgi.input"].read(), path=environ["PATH_INFO"], thread=threading.current_thread().name
        )
        start("200 OK", [("Content-Type", "text/plain")])
        return answer

    sent: list[Message] = []

    async def whole() -> None:
        coming = iter(asked)

        async def receive() -> Message:
            return next(coming)

        async def send(message: Message) -> None:
            sent.append(message)

        with ThreadPoolExecutor(1, "page") as threads:
            await Page(application, threads)(scope, receive, send)

    try:
        with ThreadPoolExecutor(1, "loop") as loop:  # a thread of its own: a browser's loop may run in this one
            loop.submit(asyncio.run, whole()).result()
    finally:
        seen["sent"] = sent
    return sent, seen


def said(*parts: bytes) -> list[Message]:
    last = len(parts) - 1
    return [{"type": "http.request", "body": part, "more_body": at < last} for at, part in enumerate(parts)]


def test_a_finished_answer_is_sent_whole() -> None:
    answer = Answer([b"a", b"b"], streaming=False)
    sent, seen = run(answer, said(b"x" * IN_MEMORY, b"yz"))
    assert [one["type"] for one in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 200 and sent[1]["body"] == b"ab" and not sent[1].get("more_body")
    assert len(seen["body"]) == IN_MEMORY + 2 and seen["thread"].startswith("page")
    assert seen["path"].encode("latin1").decode() == "/说"
    assert answer.closed


def test_a_stream_comes_piece_by_piece() -> None:
    answer = Answer([b"a", b"b"], streaming=True)
    sent, _seen = run(answer, said(b""))
    assert [(one.get("body"), one.get("more_body")) for one in sent[1:]] == [(b"a", True), (b"b", True), (b"", False)]
    assert answer.closed


def test_a_stream_that_breaks_is_closed_and_told() -> None:
    answer = Answer([b"a"], streaming=True, breaks=True)
    with pytest.raises(OSError, match="disk"):
        run(answer, said(b""))
    assert answer.closed


def test_whoever_leaves_before_the_end_of_the_question_is_not_answered() -> None:
    sent, seen = run(Answer([b"a"], streaming=False), [said(b"x", b"y")[0], {"type": "http.disconnect"}])
    assert sent == [] and "body" not in seen


def test_too_many_headers_of_one_name_are_refused() -> None:
    scope = {**SCOPE, "headers": [(b"x-a", b"1")] * 101}
    sent, seen = run(Answer([], streaming=False), said(b""), scope)
    assert sent[0]["status"] == 400 and "body" not in seen
