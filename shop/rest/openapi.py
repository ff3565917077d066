"""What the schema at /api/schema/ says of every call's errors: all of them are problems, in one place."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiResponse
from rest_framework.permissions import AllowAny

from shop.rest.problems import CONTENT_TYPE

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "application/problem+json (RFC 9457). `errors` names the fields of bad input by their path.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "for programs"},
        "detail": {"type": "string", "description": "for people"},
        "errors": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    },
}
# Whatever is asked: a representation that we don't have, a fault of ours, a moment with too many others.
ALWAYS = {HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE}
SAFE = {"GET", "HEAD", "OPTIONS"}
WITH_BODY = {"POST", "PUT", "PATCH"}


class Schema(AutoSchema):
    """Adds to what a view says of itself the errors that its address, body, query and permissions bring along.

    A view's `problem_statuses` are what any of its calls may be answered with besides. Those that a call itself names
    (409, 429 …) are problems, too, whatever shape it gives them.
    """

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction)
        for code in {str(int(status)) for status in self._brought_along()} - answers.keys():
            answers[code] = self._get_response_for_code(None, code)
        return dict(sorted(answers.items()))

    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Any = "response"
    ) -> dict[str, Any]:
        if int(status_code) < HTTPStatus.BAD_REQUEST:
            answer: dict[str, Any] = super()._get_response_for_code(  # type: ignore[no-untyped-call]
                serializer, status_code, media_types, direction
            )
            return answer
        words = serializer.description if isinstance(serializer, OpenApiResponse) else ""
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            "Problem", ResolvedComponent.SCHEMA, PROBLEM, object="Problem"
        )
        self.registry.register_on_missing(component)
        content = {CONTENT_TYPE: {"schema": component.ref}}
        return {"content": content, "description": words or HTTPStatus(int(status_code)).phrase}

    def _brought_along(self) -> Iterator[int]:
        yield from ALWAYS
        yield from getattr(self.view, "problem_statuses", ())
        has_body = self.method in WITH_BODY and bool(self.get_request_serializer())
        if has_body or any(one["in"] in {"query", "header"} for one in self._get_parameters()):
            yield HTTPStatus.BAD_REQUEST
        if has_body:
            yield from (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        if self.view.get_authenticators():
            yield HTTPStatus.UNAUTHORIZED
            if self.method not in SAFE:
                yield HTTPStatus.FORBIDDEN  # a session without its CSRF token
        if len([one for one in self.view.get_permissions() if not isinstance(one, AllowAny)]) > 1:
            yield HTTPStatus.FORBIDDEN
        if "{" in self.path or getattr(self.view, "pagination_class", None):
            yield HTTPStatus.NOT_FOUND
