"""Files of `/static/` and `/media/`, whole and from a thread, where no front door hands them out."""

from pathlib import Path
from urllib.parse import unquote

from django.conf import settings
from django.contrib.staticfiles import views as staticfiles
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views import static

from streams.store import headers, tokens

MEDIA_PATH = settings.MEDIA_BASE_URL.strip("/") if settings.MEDIA_BASE_URL.startswith("/") else "media"


def static_file(request: HttpRequest, path: str) -> HttpResponseBase:
    if settings.DEBUG:  # as they are written, without collecting them first
        return staticfiles.serve(request, path)
    return static.serve(request, path, document_root=str(settings.STATIC_ROOT))


def media_file(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a file of a known kind. With PLAYLIST_TOKENS, video wants a token in its path."""
    token, name = tokens.split(path)
    if not is_open(token, name):
        return _closed()
    if Path(name).suffix not in headers.TYPES or any(part.startswith(".") for part in name.split("/")):
        raise Http404
    answer = static.serve(request, name, document_root=str(settings.MEDIA_ROOT))
    answer["Content-Type"] = headers.content_type(name)
    answer["Cache-Control"] = headers.cache_control(name)
    answer["Access-Control-Allow-Origin"] = "*"
    if name.endswith(".svg"):
        answer["Content-Security-Policy"] = headers.SVG_POLICY
    return answer


def media_access(request: HttpRequest) -> HttpResponse:
    """Tell the front door whether a file may be handed out: it asks with the file's address in X-Forwarded-Uri."""
    path = unquote(request.headers.get("X-Forwarded-Uri", "").partition("?")[0]).removeprefix(settings.MEDIA_URL)
    return HttpResponse(status=204) if is_open(*tokens.split(path)) else _closed()


def is_open(token: str, name: str) -> bool:
    return not settings.PLAYLIST_TOKENS or not tokens.is_guarded(name) or tokens.is_allowed(token, name)


def _closed() -> HttpResponse:
    answer = HttpResponse(status=403)
    answer["Access-Control-Allow-Origin"] = "*"
    answer["Cache-Control"] = "no-store"
    return answer
