"""The pages, the REST API and the admin, served by Granian."""

import os
from collections.abc import Iterable
from io import BytesIO
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("DATABASE_POOL_MAX", "16")

django_application = get_wsgi_application()

# More than the front door lets through: a body without a length is bounded by us where there is no door.
BODY_MAX_BYTES = 33 * 1024 * 1024


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    measure(environ)
    return django_application(environ, start_response)


def measure(environ: WSGIEnvironment) -> None:
    """Give a body that came in chunks its length: Django would see nothing of it without."""
    if "CONTENT_LENGTH" not in environ and "HTTP_TRANSFER_ENCODING" in environ:
        body = environ["wsgi.input"].read(BODY_MAX_BYTES)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
