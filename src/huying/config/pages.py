"""Pages and the API under ASGI: read in the loop, answered in one thread from the first to the last byte, sent in the loop.

asgiref's bridge turns the request into WSGI; its way back crosses between thread and loop three times an answer, waiting each
time, and does not tell the response that it is over. Here a finished answer comes back in one crossing, and only what is
streamed (files, long tables) crosses once a piece.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from contextvars import copy_context
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from asgiref.wsgi import WsgiToAsgiInstance

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]
IN_MEMORY: Final = 65_536  # bytes of a request; more waits in a file
_BAD_REQUEST: Final[list[Message]] = [
    {"type": "http.response.start", "status": 400, "headers": [(b"content-type", b"text/plain")]},
    {"type": "http.response.body", "body": b"Bad Request"},
]
_END: Final[Message] = {"type": "http.response.body", "body": b"", "more_body": False}


class Page(WsgiToAsgiInstance):
    """One request of a WSGI application, answered in a thread of ``threads``."""

    def __init__(self, application: Callable[..., Any], threads: Executor) -> None:
        super().__init__(application)  # type: ignore[no-untyped-call]
        self.threads = threads

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        self.scope = scope
        with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            more = True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    return  # whoever asked has gone
                body.write(message.get("body", b""))
                more = message.get("more_body", False)
            body.seek(0)
            loop = asyncio.get_running_loop()

            async def said(message: Message) -> None:
                await send(message)

            def say(message: Message) -> None:
                asyncio.run_coroutine_threadsafe(said(message), loop).result()

            answer = loop.run_in_executor(self.threads, copy_context().run, self._answer, body, say)
            for message in await answer:
                await send(message)

    def _answer(self, body: Any, say: Callable[[Message], None]) -> list[Message]:
        """The messages of a finished answer; of a streamed one, each is said as soon as it is there."""
        try:
            environ = self.build_environ(self.scope, body)  # type: ignore[no-untyped-call]
        except ValueError:
            return _BAD_REQUEST
        response = self.wsgi_application(environ, self.start_response)
        try:
            if not getattr(response, "streaming", True):
                return [self.response_start, {"type": "http.response.body", "body": b"".join(response)}]
            _stream(self.response_start, response, say)
            return []
        finally:
            if hasattr(response, "close"):
                response.close()


def _stream(start: Message, pieces: Iterable[bytes], say: Callable[[Message], None]) -> None:
    say(start)
    for piece in pieces:
        say({"type": "http.response.body", "body": piece, "more_body": True})
    say(_END)
