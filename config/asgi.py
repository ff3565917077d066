"""Sockets, served by Daphne (or uvicorn)."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATABASE_POOL_MAX", "8")

import django
from channels.routing import ProtocolTypeRouter

django.setup()

from realtime import routing, writers  # noqa: E402 (they import models)

writers.spare_formatting()

application = ProtocolTypeRouter({"websocket": routing.sockets, "http": routing.pages, "lifespan": routing.lifespan})
