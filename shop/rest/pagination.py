"""Cursor pagination of the REST API: `{results, next, previous}`, absolute addresses."""

import re
from typing import Any

from django.core.exceptions import ValidationError as BadValue
from django.db import DataError
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class Cursor(CursorPagination):
    """A view sets its order with `ordering`; rows that come or go between two pages shift nothing."""

    page_size = 24
    max_page_size = 100
    page_size_query_param = "limit"
    ordering = "-id"

    def get_page_size(self, request: Request) -> int | None:
        """Return how many to show; more than 100 are 100. Raises ValidationError for what is no such number."""
        typed = request.query_params.get(self.page_size_query_param, "1")
        if not re.fullmatch(r"[1-9][0-9]{0,17}", typed):
            raise ValidationError({self.page_size_query_param: ["A number from 1 is needed."]})
        return super().get_page_size(request)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Say from where a page's size begins."""
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
        return parameters

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        """Return a page. A cursor that was not ours is answered 404: its place can't be compared with any row's."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, BadValue, DataError) as error:
            if self.cursor_query_param not in request.query_params:
                raise
            raise NotFound(self.invalid_cursor_message) from error
