"""Sockets and server-sent events, served by Daphne (or uvicorn)."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATABASE_POOL_MAX", "8")

from django.core.asgi import get_asgi_application

application = get_asgi_application()
