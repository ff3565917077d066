"""The pages, the REST API and the admin, served by Granian; on one machine the media files, too."""

import os
from wsgiref.types import WSGIApplication

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATABASE_POOL_MAX", "16")

application: WSGIApplication = get_wsgi_application()

from django.conf import settings  # noqa: E402  (there are settings only now)

from streams.media import files  # noqa: E402
from streams.store import tokens  # noqa: E402

if settings.MEDIA_BASE_URL.startswith("/"):
    is_allowed = tokens.is_allowed if settings.PLAYLIST_TOKENS else None
    application = files.serve(settings.MEDIA_BASE_URL, settings.MEDIA_ROOT, application, is_allowed=is_allowed)
