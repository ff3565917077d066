"""What a host reads in their language: the sentences of the studio's scripts, and what is wrong with a file."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from streams import captions, texts
from streams.exceptions import CantModerate
from streams.hls.exceptions import BadCaptions
from streams.programme import clock


def of_studio() -> dict[str, str]:
    """Return every sentence, with `{name}` where a script puts a value."""
    return {
        **texts.of_show(),
        **_camera(),
        "copy_by_hand": _("It is selected. Copy it with your keyboard."),
        "not_done": _("That did not reach the shop. Please try again."),
        "delete_line": _("Delete what {name} said"),
        "moderate_line": _("More about what {name} said"),
        "sold": _("{n} sold"),
        "megabits": _("{n} Mb/s"),
        "seconds": _("{n} s"),
    }


def of_captions(bad: BadCaptions) -> str:
    """Say what is wrong with a host's captions, and in which line."""
    said = {
        "too_big": _("The file is larger than %(most)d KB."),
        "not_text": _("Line %(line)d: this is not UTF-8 text."),
        "no_head": _("Line 1: a WebVTT file begins with the word WEBVTT."),
        "no_cues": _("There is not one caption in the file."),
        "bad_time": _("Line %(line)d: expected an empty line, then times such as 00:01:05.000 --> 00:01:08.500."),
        "falls": _("Line %(line)d: this begins before the caption above it."),
        "ends_early": _("Line %(line)d: this ends before it begins."),
        "beyond": _("Line %(line)d: this lies beyond the replay, which is %(length)s long."),
    }[bad.fault]
    length = clock(timedelta(seconds=bad.length_s))
    return said % {"line": bad.line, "length": length, "most": captions.MOST_BYTES // 1024}


def of_time_out(name: str, seconds: int, until: datetime | None) -> str:
    """Say for how long somebody can't write; a silence that lasts longer stays."""
    if until is None or until - timezone.now() > timedelta(seconds=seconds):
        return _("%(name)s is silenced for longer than that already.") % {"name": name}
    return {
        60: _("%(name)s can write again in a minute."),
        600: _("%(name)s can write again in 10 minutes."),
        3600: _("%(name)s can write again in an hour."),
        86400: _("%(name)s can write again in a day."),
    }[seconds] % {"name": name}


def of_cant_moderate(cant: CantModerate) -> str:
    """Say why a message or its author was let be."""
    return {
        "is_trusted": _("That is the host, or somebody who moderates too."),
        "unknown": _("That message is no longer there."),
    }[cant.reason]


def of_cant_name(cant: CantModerate) -> str:
    """Say why somebody did not become a moderator."""
    return {
        "is_trusted": _("The host and the shop's staff moderate every show already."),
        "unknown": _("Nobody signs in with that address. Ask your moderator which one they use here."),
    }[cant.reason]


def _camera() -> dict[str, str]:
    return {
        "camera_off": _("The camera is off."),
        "camera_asking": _("Your browser asks whether it may use the camera and the microphone."),
        "camera_ready": _("Nothing is sent yet."),
        "camera_paused": _("Nothing is sent from here."),
        "camera_connecting": _("Connecting"),
        "camera_sending": _("Sending from here. Keep this page open."),
        "camera_lost": _("The connection broke. Trying again."),
        "camera_device": _("Device {n}"),
        "camera_insecure": _("Browsers lend their camera only to pages with HTTPS, and to localhost."),
        "camera_unsupported": _("This browser can't record. A newer one can, and so can an encoder such as OBS."),
        "camera_not_allowed": _(
            "The camera is not allowed. Allow it beside the address of this page, then try again."
        ),
        "camera_not_found": _("There is no camera. Connect one, then try again."),
        "camera_not_readable": _("The camera does not answer. Close what else uses it, then try again."),
        "camera_device_gone": _("The camera or the microphone was unplugged. Nothing is sent any more."),
        "camera_in_use": _("An encoder is sending to this show. Stop it first, or let a second one take over."),
        "camera_taken_over": _("Another encoder has taken over. Nothing is sent from here any more."),
        "camera_ended": _("The show has ended."),
        "camera_trouble": _("The shop could not take this picture. Nothing is sent; please try again."),
    }
