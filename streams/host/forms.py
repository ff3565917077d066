"""What a host types."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.text import one_line
from streams.models import StreamSession
from streams.retention import DAYS_MAX

SLOW_MODES = (0, 5, 15, 30, 60)
BLOCKED_WORDS_MAX = 4000
REPLAY_DAYS = (7, 30, 90, 365)
RECORDING_FORM = re.compile(r"keep|never|[1-9][0-9]{0,3}", re.ASCII)
"""What may become of a recording: kept for good, never made, or kept for so many days."""


class OneLineField(forms.CharField):
    """A text on one line. Its length is judged as it will be kept: some characters become two when composed."""

    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


class PlanForm(forms.Form):
    """A show to be. `time_zone` is the browser's, by which the typed time is meant; without script the shop's."""

    title = OneLineField(max_length=120, label=_("Title"), error_messages={"required": _("The show needs a title.")})
    starts_at = forms.CharField(required=False, label=_("When"))
    time_zone = forms.CharField(required=False)
    description = forms.CharField(required=False, max_length=2000, label=_("What it is about"))
    preview = forms.BooleanField(required=False, label=_("Preview first"))
    recording = forms.RegexField(RECORDING_FORM, required=False)
    blocked_words = forms.CharField(required=False, max_length=BLOCKED_WORDS_MAX, label=_("Blocked words"))

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data.get("starts_at", "")
        self.cleaned_data["starts_at"] = None
        if typed:
            try:
                starts_at = datetime.fromisoformat(typed)
            except ValueError:
                self.add_error("starts_at", _("That is not a date and a time."))
                return self.cleaned_data
            starts_at = starts_at.replace(tzinfo=_zone(self.cleaned_data.get("time_zone", "")))
            if starts_at < timezone.now():
                self.add_error("starts_at", _("That time has passed already."))
            self.cleaned_data["starts_at"] = starts_at
        return self.cleaned_data


class RulesForm(forms.Form):
    review = forms.ChoiceField(choices=StreamSession.Review.choices)
    links = forms.ChoiceField(choices=StreamSession.Links.choices)
    blocked_words = forms.CharField(required=False, max_length=BLOCKED_WORDS_MAX)


class AnnouncementForm(forms.Form):
    """Emergencies are for staff, who speak over every page."""

    text = OneLineField(max_length=280)
    kind = forms.ChoiceField(choices=[("flash", _("News")), ("disclaimer", _("A note"))])
    minutes = forms.IntegerField(min_value=0, max_value=24 * 60)


class SlowModeForm(forms.Form):
    seconds = forms.TypedChoiceField(choices=[(seconds, seconds) for seconds in SLOW_MODES], coerce=int)


class RecordingForm(forms.Form):
    recording = forms.RegexField(RECORDING_FORM)


def recording_of(chosen: str) -> tuple[bool, int | None]:
    """Return whether to record, and for how many days to keep the replay (None is for good)."""
    return chosen != "never", min(int(chosen), DAYS_MAX) if chosen.isdecimal() else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or settings.TIME_ZONE)
    except (ValueError, OSError, KeyError):  # no zone's name, or one that this machine doesn't know
        return ZoneInfo(settings.TIME_ZONE)
