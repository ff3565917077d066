"""The web server with guards that can be taken away: the control of tests/test_races_http.py, for nothing else.

`/without?guard=stock&rivals=20` takes one away (see tests/support/unguarded.py) until the next is taken away instead.
"""

from collections.abc import Callable, Iterable
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs

import pytest

from config.wsgi import application as shop
from tests.support.unguarded import TAKE_AWAY

patch = pytest.MonkeyPatch()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] != "/without":
        return shop(environ, start_response)
    asked = parse_qs(environ["QUERY_STRING"])
    patch.undo()
    TAKE_AWAY[asked["guard"][0]](patch, Barrier(int(asked["rivals"][0]), timeout=30))
    start_response("204 No Content", [])
    return []
