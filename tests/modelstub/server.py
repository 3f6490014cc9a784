"""The stub itself: one handler, a plan of modes, and a log of what was received."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests.modelstub.filling import fill, schema_in, texts_of
from tests.modelstub.modes import ERRORS, SPOILING, USAGE

Answer = Mapping[str, Any] | str | Callable[[Mapping[str, Any]], Any] | None

REJECTIONS: Mapping[str, str] = {
    "json_schema": 'response_format type must be one of "text" or "json_object"',
    "json_object": "'response_format.type' must be 'json_schema' or 'text'",
    "tools": "tools param requires --jinja flag",
}
"""What servers say that do not take a way of asking: LM Studio's and llama.cpp's manner."""


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Found by name in any case."""
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """All that its messages say."""
        return "\n".join(texts_of(self.body))


class ModelStub:
    """`async with ModelStub() as stub:` then `stub.url`, `stub.then("500", "ok")`, `stub.requests`.

    mode: what every call gets that no plan is made for; answer: a value, a text, or a
    function of the request's body instead of plausible values; rejects: of json_schema,
    json_object, tools; delay: seconds before every answer.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self.host, self.port = host, port
        self.mode, self.delay = "ok", 0.0
        self.answer: Answer = None
        self.rejects: set[str] = set()
        self.retry_after = "7"
        self.requests: list[Received] = []
        self.at_once = self.most_at_once = 0
        """Requests being answered now, and the most there were."""
        self.hanging = asyncio.Event()
        """Set while a call of mode `timeout` is being kept waiting."""
        self._plan: deque[str] = deque()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"http://{self.host}:{self.port}/v1"

    def then(self, *modes: str) -> None:
        """The modes of the next calls, one after the other."""
        self._plan.extend(modes)

    def reset(self) -> None:
        """As new: no plan, no log, no answer set."""
        self.mode, self.delay, self.answer, self.retry_after = "ok", 0.0, None, "7"
        self.rejects.clear()
        self.requests.clear()
        self.most_at_once = 0
        self._plan.clear()
        self.hanging.clear()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**25)
        app.router.add_post("/control", self._control)
        app.router.add_get("/requests", self._listed)
        app.router.add_post("/{path:.*chat/completions}", self._handle)
        self._runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.host, self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.requests.append(
            Received(request.path, dict(request.query), request.headers, body)
        )
        mode = self._plan.popleft() if self._plan else self.mode
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.delay:
                await asyncio.sleep(self.delay)
            return self._rejected(request, body) or await self._answered(
                request, mode, body
            )
        finally:
            self.at_once -= 1

    def _rejected(
        self, request: web.Request, body: Mapping[str, Any]
    ) -> web.Response | None:
        way = (
            "tools"
            if body.get("tools")
            else (body.get("response_format") or {}).get("type", "")
        )
        return (
            self._error(request, 500 if way == "tools" else 400, REJECTIONS[way])
            if way in self.rejects
            else None
        )

    def _error(self, request: web.Request, status: int, message: str) -> web.Response:
        """An error that quotes the key, as careless providers do."""
        quoted = (
            f"{message} "
            f"({request.headers.get('Authorization') or request.headers.get('api-key')})"
        )
        headers = {"Retry-After": self.retry_after} if status == 429 else {}
        return web.json_response(
            {"error": {"message": quoted, "code": status}},
            status=status,
            headers=headers,
        )

    async def _answered(
        self, request: web.Request, mode: str, body: Mapping[str, Any]
    ) -> web.StreamResponse:
        if mode in ERRORS:
            return self._error(request, *ERRORS[mode])
        page = "<!doctype html><title>Bad gateway</title><h1>502</h1>"
        match mode:
            case "timeout":
                self.hanging.set()
                await asyncio.Event().wait()
            case "drop":
                assert request.transport
                request.transport.close()
            case "html" | "gateway":
                return web.Response(
                    text=page,
                    content_type="text/html",
                    status=200 if mode == "html" else 502,
                )
            case "badjson":
                return web.Response(
                    text='{"choices": [', content_type="application/json"
                )
            case "list":
                return web.json_response([1, 2])
        return web.json_response(
            SPOILING.get(mode, SPOILING["ok"])(self._completion(body))
        )

    def _completion(self, body: Mapping[str, Any]) -> dict[str, Any]:
        text = self._text(body)
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if body.get("tools"):
            function = {"name": body["tools"][0]["function"]["name"], "arguments": text}
            message = {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "call_1", "type": "function", "function": function}
                ],
            }
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": "tool_calls" if body.get("tools") else "stop",
        }
        named = {
            "id": "stub",
            "object": "chat.completion",
            "created": 0,
            "model": body.get("model"),
        }
        return {**named, "choices": [choice], "usage": dict(USAGE)}

    def _text(self, body: Mapping[str, Any]) -> str:
        answer = self.answer(body) if callable(self.answer) else self.answer
        if answer is None:
            answer = fill(schema_in(body) or {}, " ".join(texts_of(body)[1:]))
        return answer if isinstance(answer, str) else json.dumps(answer)

    async def _control(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        if wanted.pop("reset", False):
            self.reset()
        self.then(*wanted.pop("then", []))
        self.rejects = set(wanted.pop("rejects", self.rejects))
        for name in ("mode", "delay", "answer", "retry_after"):
            setattr(self, name, wanted.pop(name, getattr(self, name)))
        return web.json_response(
            {"unknown": list(wanted)}, status=400 if wanted else 200
        )

    async def _listed(self, _: web.Request) -> web.Response:
        return web.json_response(
            [
                {"path": each.path, "headers": dict(each.headers), "body": each.body}
                for each in self.requests
            ]
        )
