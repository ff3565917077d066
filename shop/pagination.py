"""Cursor pagination of the REST API: `{results, next, previous}`, absolute addresses."""

from rest_framework.pagination import CursorPagination


class Cursor(CursorPagination):
    """A view sets its order with `ordering`; rows that come or go between two pages shift nothing."""

    page_size = 24
    max_page_size = 100
    page_size_query_param = "limit"
    ordering = "-id"
