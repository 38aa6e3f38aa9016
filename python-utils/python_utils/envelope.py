"""The response envelope (contract, section 7), in the shape of the LLD's ResponseModel."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from aiohttp.web import Response

from .worker_text import sound


def success(result: bytes) -> Response:
    """200 around a result that is JSON already, and is not parsed a second time."""
    body = b'{"success": true, "data": %b, "time": %d}' % (result, _now())
    return _response(200, body, {})


def failure(
    status: int, error: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A failure: `error` for programs (a code, or type and message of an exception),
    `displaymessage` for people."""
    body = {
        "success": False,
        "data": None,
        "error": sound(error),
        "displaymessage": sound(message),
        "time": _now(),
    }
    return plain(status, body, headers)


def plain(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer without the envelope, which health checks expect."""
    return _response(status, json.dumps(body).encode(), headers or {})


def _response(status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    named = {"Server": "python-utils", **headers}
    return Response(status=status, body=body, content_type="application/json", headers=named)


def _now() -> int:
    """Milliseconds since 1970, as in the LLD's envelope."""
    return time.time_ns() // 1_000_000
