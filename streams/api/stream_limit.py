"""The stream-limit API: a contract of its own, beside /api/v1/, for other services. docs/stream-limit.md tells it."""

import logging
from hmac import compare_digest
from http import HTTPStatus
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from streams import stream_limit
from streams.stream_limit import Subscription

logger = logging.getLogger(__name__)

FIELDS = ("userId", "videoStreamId")
LONGEST = 36
TOO_MANY = "You've reached the maximum number of concurrent video streams"
RETRY_S = 1


class Fault(Exception):
    """The first thing that is wrong with a request, in the contract's words."""


@csrf_exempt
def subscription(request: HttpRequest) -> HttpResponse:
    """Take a stream (POST) or give it back (DELETE)."""
    if request.method not in {"POST", "DELETE"}:
        return _error(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed", Allow="POST, DELETE")
    if not _may_ask(request):
        return _error(HTTPStatus.UNAUTHORIZED, "Unauthorized", **{"WWW-Authenticate": "Bearer"})
    try:
        asked = _read(request)
    except RequestDataTooBig:
        return _error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Body too large")
    except Fault as fault:
        return _error(HTTPStatus.BAD_REQUEST, str(fault))
    try:
        return _take(asked) if request.method == "POST" else _give_back(asked)
    except (OperationalError, InterfaceError):
        logger.exception("a stream was neither taken nor given back: the database did not answer")
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, "Try again later", **{"Retry-After": str(RETRY_S)})


def _take(asked: Subscription) -> HttpResponse:
    if not stream_limit.take(asked, most=settings.MAX_CONCURRENT_STREAMS):
        return _error(HTTPStatus.TOO_MANY_REQUESTS, TOO_MANY)
    data = {"userId": asked.user_id, "videoStreamId": asked.stream_id}
    return _answer(HTTPStatus.OK, {"status": HTTPStatus.OK, "data": data})


def _give_back(asked: Subscription) -> HttpResponse:
    stream_limit.give_back(asked)
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _may_ask(request: HttpRequest) -> bool:
    token = settings.STREAM_LIMIT_TOKEN
    given = request.headers.get("Authorization", "")
    return not token or compare_digest(given.encode(), f"Bearer {token}".encode())


def _read(request: HttpRequest) -> Subscription:
    """Read a body, whatever type it says it has. Raises Fault, RequestDataTooBig."""
    sent = _body(request)
    try:
        body = orjson.loads(sent) if sent else {}
    except orjson.JSONDecodeError:
        raise Fault("Malformed JSON") from None
    if not isinstance(body, dict):
        raise Fault('"value" must be of type object')
    user_id, stream_id = (_text(name, body) for name in FIELDS)
    for name in body:
        if name not in FIELDS:
            raise Fault(f'"{name}" is not allowed')
    return Subscription(user_id, stream_id)


def _body(request: HttpRequest) -> bytes:
    """Read all that was sent. A body in pieces (chunked) names no length, so Django takes it for empty."""
    if "CONTENT_LENGTH" in request.META or not request.META.get("wsgi.input_terminated"):
        return request.body
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body: bytes = request.META["wsgi.input"].read(most + 1)
    if len(body) > most:
        raise RequestDataTooBig
    return body


def _text(name: str, body: dict[str, Any]) -> str:
    if name not in body:
        raise Fault(f'"{name}" is required')
    value = body[name]
    if not isinstance(value, str):
        raise Fault(f'"{name}" must be a string')
    if not value:
        raise Fault(f'"{name}" is not allowed to be empty')
    # As JavaScript counts, whose words these are: a sign beyond the first 65,536 is two.
    if len(value.encode("utf-16-le")) // 2 > LONGEST:
        raise Fault(f'"{name}" length must be less than or equal to {LONGEST} characters long')
    return value


def _error(status: HTTPStatus, text: str, **headers: str) -> HttpResponse:
    return _answer(status, {"status": status, "error": text}, **headers)


def _answer(status: HTTPStatus, body: dict[str, Any], **headers: str) -> HttpResponse:
    return HttpResponse(orjson.dumps(body), status=status, content_type="application/json", headers=headers)
