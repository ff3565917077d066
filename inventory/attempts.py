"""What staff or a host sends twice is done once: a double click, Back and again, a request that was tried again.

The key of an attempt is in every form already. Django masks the CSRF token anew each time that it writes a page, so
the hidden `csrfmiddlewaretoken` is different in every page that was ever shown. Together with who sends it, where to,
and what is said, it names one attempt. A field of our own would do the same, but could be forgotten in a new form.

The key is stored in the transaction of the effect. Whoever sends the same again waits for that transaction, and then
gets its answer: the same messages, and the same page to go to.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypedDict, cast

from django.contrib import messages
from django.contrib.messages.storage.base import BaseStorage, Message
from django.db import connection, transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeData, SafeString
from django.utils.translation import gettext as _

from inventory.exceptions import StockBusy
from inventory.locks import limited_wait
from inventory.models import Attempt

KEPT_FOR = timedelta(hours=48)
SHOWN_ONCE = "shown-once"
"""The tag of a message that holds a secret: it is not stored, and not shown to who sends the form again."""

WAYS = ("Location", "HX-Redirect")

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


class Answer(TypedDict):
    """What an attempt was answered: the way to go on, and what was said (level, text, whether it is HTML)."""

    status: int
    way: dict[str, str]
    said: list[tuple[int, str, bool]]


def several_transactions(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
    """Mark a view that commits more than once, or asks others over the network, and so needs no transaction around it.

    Its effect has to be one that may be repeated: the key is stored after it, not with it.
    """
    view.several_transactions = True  # type: ignore[attr-defined]
    return view


def once(view: View[P]) -> View[P]:
    """Have a view's forms take effect once. Nothing is kept of what fails, so that it can be sent again.

    A view fails that raises, that says something of the level ERROR, or that shows a page (the form with its faults).
    All that it changed is undone then.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        key = find_key(request)
        if key is None:
            return view(request, *args, **kwargs)
        if getattr(view, "several_transactions", False):
            return _then_keep(key, request, lambda: view(request, *args, **kwargs))
        return _in_one_transaction(key, request, lambda: view(request, *args, **kwargs))

    return guarded


def find_key(request: HttpRequest) -> str | None:
    """Return the key of the attempt that a form carries; None for anything else, for example a script's call."""
    if request.method != "POST" or not request.user.is_authenticated:
        return None
    token = request.POST.get("csrfmiddlewaretoken", "")
    if not token:
        return None
    said = [(name, request.POST.getlist(name)) for name in sorted(request.POST)]
    digest = salted_hmac(
        "inventory.attempts", repr((request.user.pk, request.get_full_path(), said)), algorithm="sha256"
    )
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            digest.update(repr((name, file.name, file.size)).encode())
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
    return digest.hexdigest()


def go_back(request: HttpRequest) -> HttpResponse:
    """Lead back to the page that a form was sent from, in a dialog or not."""
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "/"
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        came_from = "/"
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Redirect": came_from})
    return redirect(came_from)


def forget(*, limit: int = 10_000) -> int:
    """Delete up to `limit` attempts that are past their 48 hours; return how many."""
    old = Attempt.objects.filter(made_at__lt=Now() - KEPT_FOR).values("pk")[:limit]
    deleted, _rows = Attempt.objects.filter(pk__in=old).delete()
    return deleted


def _in_one_transaction(key: str, request: HttpRequest, act: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        with transaction.atomic(durable=True):
            if not _claim(key):
                return _repeat(key, request)
            response, answer = _watch(request, act)
            if answer is None:
                transaction.set_rollback(True)
            else:
                Attempt.objects.filter(key=key).update(answer=answer)
    except _StillRunning:
        messages.error(request, _("This was sent before, and is being done. Look at the page again in a moment."))
        return go_back(request)
    return response


def _then_keep(key: str, request: HttpRequest, act: Callable[[], HttpResponse]) -> HttpResponse:
    if Attempt.objects.filter(key=key).exists():
        return _repeat(key, request)
    response, answer = _watch(request, act)
    if answer is not None:
        Attempt.objects.bulk_create([Attempt(key=key, answer=answer)], ignore_conflicts=True)
    return response


class _StillRunning(Exception):
    """Another request with the same key has not come to its end within the time that locks are waited for."""


def _claim(key: str) -> bool:
    """Store the key with what this transaction will do. False if that was done before.

    The unique key has us wait here for a transaction that stores the same one.
    """
    try:
        with transaction.atomic(), limited_wait(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO inventory_attempt (key) VALUES (%s) ON CONFLICT DO NOTHING", [key])
            return bool(cursor.rowcount)
    except StockBusy as error:
        raise _StillRunning from error


def _watch(request: HttpRequest, act: Callable[[], HttpResponse]) -> tuple[HttpResponse, Answer | None]:
    """Run a view; return its answer besides, in a form that can be stored, or None if it has failed."""
    before = len(messages.get_messages(request))
    response = act()
    said = _read_messages(request)[before:]
    way = {name: response[name] for name in WAYS if name in response}
    if not way or any(message.level >= messages.ERROR for message in said):
        return response, None
    gone = _("This was done, and its secret was shown. If you did not see it, make a new one.")
    kept = [
        (message.level, gone, False)
        if message.extra_tags == SHOWN_ONCE
        else (message.level, message.message, isinstance(message.message, SafeData))
        for message in said
    ]
    return response, Answer(status=response.status_code, way=way, said=kept)


def _repeat(key: str, request: HttpRequest) -> HttpResponse:
    answer = cast(Answer, Attempt.objects.get(key=key).answer)
    for level, text, is_html in answer["said"]:
        messages.add_message(request, level, SafeString(text) if is_html else text)
    return HttpResponse(status=answer["status"], headers=answer["way"])


def _read_messages(request: HttpRequest) -> list[Message]:
    """Return what waits to be said, as text, without taking it as said."""
    waiting = messages.get_messages(request)
    if not isinstance(waiting, BaseStorage):
        return []
    was_used = waiting.used
    found = list(waiting)
    waiting.used = was_used
    for message in found:
        message.message = str(message.message)
    return found
