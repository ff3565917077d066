"""The admin's page of what does not agree, with a way to put it right. Everything works without scripts."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from inventory import attempts, tasks
from inventory.admin import ReadOnlyAdmin, actor_of
from inventory.exceptions import StockBusy
from inventory.models import Reconciliation
from inventory.reconciliation import Check, list_checks
from shop.exceptions import CantRepair, NothingToRepair
from shop.models import AuditEntry, User
from shop.repair import registry
from shop.repair.registry import Repair

logger = logging.getLogger(__name__)

OLD_AFTER = timedelta(minutes=15)


class RepairForm(forms.Form):
    """What is to be put right, in which way, and why."""

    subject = forms.CharField()
    repair = forms.CharField()
    reason = forms.CharField(max_length=200, error_messages={"required": _("Say why; it goes into the audit log.")})


@dataclass(frozen=True)
class Row:
    """One drift as the page shows it. `repaired` says who put it right since, and why; `form` is a refused one."""

    subject: str
    address: str
    expected: str
    found: str
    repairs: Sequence[Repair]
    repaired: str
    form: RepairForm | None


@dataclass(frozen=True)
class Group:
    """What one check found."""

    check: Check
    count: int
    rows: Sequence[Row]

    @property
    def hidden(self) -> int:
        return self.count - len(self.rows)


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    """Its list is the newest result; older ones are kept for the metrics alone."""

    @attempts.several_transactions  # a repair looks again at what is to be done, and the checks are for after it
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        last = Reconciliation.objects.first()
        form = None
        if request.method == "POST" and "repair" not in request.POST:
            _check_soon(request)
            return redirect(request.path)
        if request.method == "POST":
            form = RepairForm(request.POST)
            if form.is_valid() and last:
                _repair(request, last, **form.cleaned_data)
                return redirect(request.path)
        context = {**self.admin_site.each_context(request), **_context(request, last, form)}
        return render(request, "admin/reconciliation.html", context, status=422 if form else 200)


def _repair(request: HttpRequest, last: Reconciliation, *, subject: str, repair: str, reason: str) -> None:
    """Do it, and say what came of it. Only what the newest result names can be put right here."""
    try:
        chosen = registry.get_repair(repair)
    except KeyError as error:
        raise PermissionDenied from error
    if not request.user.has_perm(chosen.permission):
        raise PermissionDenied
    try:
        if (chosen.check, subject) not in {(drift["check"], drift["subject"]) for drift in last.drifts}:
            raise NothingToRepair
        registry.repair(repair, subject, actor=actor_of(request), reason=reason)
    except NothingToRepair:
        messages.info(request, _("That is right already; nothing was changed."))
    except CantRepair as error:
        messages.error(request, str(error))
    except StockBusy:
        messages.error(request, _("Others are changing this right now. Please try again."))
    else:
        messages.success(request, _("Done, and written in the audit log."))
        _check_soon(request, is_asked=False)


def _check_soon(request: HttpRequest, *, is_asked: bool = True) -> None:
    """Have the worker run the checks: over a large shop they take longer than a page may."""
    try:
        tasks.reconcile.apply_async(kwargs={"is_deep": True}, expires=60, retry=False)
    except OperationalError as error:
        logger.warning("reconciliation not queued: %s", error)
        messages.error(request, _("The jobs' queue can't be reached. Run manage.py reconcile instead."))
    else:
        if is_asked:
            messages.info(request, _("The checks are running. Load this page again in a moment."))


def _context(request: HttpRequest, last: Reconciliation | None, form: RepairForm | None) -> dict[str, Any]:
    checks = {check.name: check for check in list_checks()}
    drifts = [drift for drift in last.drifts if drift["check"] in checks] if last else []
    repaired = _repaired_since(last, drifts)
    groups = []
    for check in checks.values():
        allowed = [repair for repair in registry.list_repairs(check.name) if request.user.has_perm(repair.permission)]
        rows = [
            _row(drift, allowed, repaired.get((check.name, drift["subject"]), ""), form)
            for drift in drifts
            if drift["check"] == check.name
        ]
        groups.append(Group(check, last.counts.get(check.name, 0) if last else 0, rows))
    return {
        "title": _("Reconciliation"),
        "last": last,
        "is_old": last is not None and last.at < timezone.now() - OLD_AFTER,
        "count": sum(last.counts.values()) if last else 0,
        "bad": [group for group in groups if group.count],
        "good": [group for group in groups if not group.count],
        "log": reverse("admin:shop_auditentry_changelist") + f"?action={registry.ACTION}",
    }


def _row(drift: Mapping[str, str], repairs: Sequence[Repair], repaired: str, form: RepairForm | None) -> Row:
    is_refused = form is not None and form.data.get("subject") == drift["subject"]
    is_refused = is_refused and form is not None and form.data.get("repair") in {repair.name for repair in repairs}
    return Row(
        subject=drift["subject"],
        address=_address(drift["subject"]),
        expected=drift["expected"],
        found=drift["found"],
        repairs=[] if repaired else repairs,
        repaired=repaired,
        form=form if is_refused else None,
    )


def _address(subject: str) -> str:
    """Return the admin's page of a subject; empty where there is none."""
    kind, _colon, key = subject.partition(":")
    try:
        return reverse(f"admin:{registry.page_of(kind)}_change", args=[key])
    except (KeyError, NoReverseMatch):
        return ""


def _repaired_since(last: Reconciliation | None, drifts: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], str]:
    """Return who put right what since the newest result, and why, by check and subject."""
    if last is None:
        return {}
    subjects = {drift["subject"] for drift in drifts}
    entries = list(AuditEntry.objects.filter(subject__in=subjects, action=registry.ACTION, at__gte=last.at))
    ids = [entry.actor.removeprefix("user:") for entry in entries]
    people = {f"user:{user.public_id}": user.email for user in User.objects.filter(public_id__in=ids)}
    return {
        (entry.data["check"], entry.subject): f"{people.get(entry.actor, entry.actor)}: {entry.reason}"
        for entry in entries
    }
