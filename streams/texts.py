"""What the scripts of a show's page say, in the reader's language. A script names a sentence by its key."""

from django.utils.translation import gettext as _

from streams.exceptions import ChatRefused


def of_show() -> dict[str, str]:
    """Return every sentence, with `{name}` where a script puts a value."""
    return {**_stock(), **_player(), **_chat(), **_buying(), **_show()}


def of_refusal(refused: ChatRefused) -> str:
    """Say why a message was not taken."""
    return {
        "not_signed_in": _("Please sign in first."),
        "too_long": _("That is too long: 300 characters at most."),
        "rate_limited": _("Too many at once. Wait a moment."),
        "slow_mode": _("Slow mode is on. Wait a moment."),
        "banned": _("You can't write in this host's shows."),
        "muted": _("You can't write for the moment."),
        "held_for_review": _("A moderator looks at it first."),
        "no_links": _("This show takes no links from viewers."),
        "bad_message": _("There was nothing to say, or the show takes no messages."),
    }.get(refused.reason or refused.code, _("That was not sent."))


def _stock() -> dict[str, str]:
    return {
        "left": _("{n} left"),
        "of": _("of {n}"),
        "sold_out": _("Sold out"),
        "about": _("About {n} left, checking again"),
        "about_short": _("About {n} left"),
        "out_maybe": _("Sold out, checking again"),
        "buy": _("Buy"),
    }


def _player() -> dict[str, str]:
    return {
        "behind": _("{n} s behind the camera"),
        "quality_auto": _("Auto"),
        "quality_auto_at": _("Auto, {rendition}"),
        "quality_audio": _("Audio only"),
        "play": _("Play"),
        "pause": _("Pause"),
        "mute": _("Sound off"),
        "unmute": _("Sound on"),
        "full": _("Full screen"),
        "full_leave": _("Leave full screen"),
        "captions_on": _("Captions on"),
        "captions_off": _("Captions off"),
        "audio_title": _("Audio only"),
        "audio_text": _("The picture is off to save data. The sound goes on."),
        "scheduled_title": _("Not on air yet"),
        "scheduled_text": _("The show starts here by itself. You can leave this page open."),
        "waiting_title": _("Any moment now"),
        "waiting_text": _("The show is on air. The picture is on its way."),
        "interrupted_title": _("Back in a moment"),
        "interrupted_text": _("The host's connection broke. The show goes on from here."),
        "ended_title": _("That was the show"),
        "ended_live_only_title": _("That was the show"),
        "ended_text": _("The replay is ready. What was shown can still be bought."),
        "watch_replay": _("Watch the replay"),
        "ended_live_only_text": _("It was not recorded. What was shown can still be bought."),
        "replay_over_title": _("The replay is no longer here"),
        "replay_over_text": _("It was kept for a while after the show. What was shown can still be bought."),
        "no_replay_title": _("This show is over"),
        "no_replay_text": _("There is no recording of it. What was shown can still be bought."),
        "trouble_title": _("The picture stopped"),
        "trouble_text": _("We keep trying."),
        "unsupported_title": _("This browser can't play the video"),
        "unsupported_text": _("A newer browser will play it."),
        "try_again": _("Try again"),
        "device": _("{browser} on {platform}"),
        "device_unknown": _("A device"),
        "device_since": _("Since {time}: {title}"),
        "stop": _("Stop"),
        "stop_device": _("Stop {device}, and watch here"),
        "too_many_title": _("You are watching on {n} devices"),
        "too_many_text": _("That is as many as you can at once. Stop one to watch here."),
        "too_many_one_title": _("You are watching on another device"),
        "too_many_one_text": _("One device can play at a time. Stop it to watch here."),
        "taken_over_title": _("Now playing on {device}"),
        "taken_over_text": _("It took the place of this device."),
        "stopped_title": _("Stopped on this device"),
        "stopped_text": _("You stopped it from your account."),
        "watch_here": _("Watch here"),
        "connected_rest": _("Chat and buying still work."),
        "reconnecting_rest": _("The chat connects again. What you write waits until then, and so may an order."),
        "offline_rest": _("You are offline: picture, chat and buying go on once you are connected again."),
    }


def _chat() -> dict[str, str]:
    return {
        "host": _("Host"),
        "moderator": _("Mod"),
        "sending": _("sending"),
        "send_again": _("Send again"),
        "not_sent": _("Not sent, the connection broke."),
        "slow_mode": _("slow mode, {n} s"),
        "slow_wait": _("You can write again in {n} s"),
        "refused_slow_mode": _("Not sent yet: slow mode."),
        "refused_rate_limited": _("Not sent: too many at once."),
        "refused_too_long": _("Not sent: 300 characters at most."),
        "refused_not_signed_in": _("Not sent: please sign in first."),
        "refused_banned": _("Not sent: you can't write in this host's shows."),
        "refused_muted": _("Not sent: you can't write for the moment."),
        "silenced_banned": _(
            "A moderator decided that you can't write in this host's shows any more. You can keep watching and buying."
        ),
        "silenced_muted": _("A moderator asked you to pause."),
        "silenced_for": _("You can write again in {time}."),
        "silenced_until": _("You can write again {day} at {time}."),
        "refused_no_links": _("Not sent: this show takes no links."),
        "refused_unavailable": _("Not sent: the chat is away for a moment."),
        "waits": _("A moderator looks at it first."),
        "refused_bad_message": _("Not sent: it could not be read."),
        "say_something": _("Say something"),
        "reconnecting": _("Reconnecting. What you write waits here."),
        "new_messages": _("{n} new"),
    }


def _buying() -> dict[str, str]:
    return {
        "arrives": _("Arrives {day}"),
        "sold_out_short": _("sold out"),
        "delivery": _("Delivery"),
        "delivery_day": _("Delivery, {day}"),
        "needed": _("This is needed."),
        "not_email": _("This is not an e-mail address."),
        "checking_end": _("Time is up. Checking for a payment"),
        "sending_order": _("Holding it for you"),
        "hold_and_pay": _("Hold it and pay"),
        "held_left": _("Held for {time}"),
        "last_minute": _("Less than a minute left to pay."),
        "paid_title": _("Paid. It is yours"),
        "paid_text": _("Order {number}. Its page shows where it is, step by step."),
        "declined_title": _("The payment did not go through"),
        "declined_text": _("No money was taken. The units are back on the shelf, so try again while they last."),
        "expired_title": _("The time to pay ran out"),
        "expired_text": _("No money was taken. The units are back on the shelf, so try again while they last."),
        "cancelled_title": _("Let go"),
        "cancelled_text": _("No money was taken. The units are back on the shelf."),
        "short": _("{title}: {requested} wanted, {available} left."),
        "short_none": _("{title} has just sold out."),
        "fewer": _("Take {n} instead"),
        "busy": _("Many people are buying at this moment. Nothing was held or charged. Please try again."),
        "offline": _("The connection broke before we heard back. Trying again is safe: it is never charged twice."),
        "refused": _("The order could not be made. Nothing was held or charged."),
        "cancel_failed": _("It could not be let go. It frees itself when the time is up."),
    }


def _show() -> dict[str, str]:
    return {
        "copied": _("The address is copied"),
        "stale": _("Numbers may be a moment old"),
        "fresh": _("Numbers are up to date again"),
        "like": _("Like, {n}"),
        "liked": _("You like this, {n}"),
        "dislike": _("Dislike, {n}"),
        "disliked": _("You dislike this, {n}"),
        "opinion_failed": _("That was not counted. Please try again."),
        "on_air_now": _("on air since just now"),
        "on_air_for": _("on air for {n} min"),
        "days_left": _("{n} d {time}"),
        "yesterday": _("yesterday"),
        "today": _("today"),
        "tomorrow": _("tomorrow"),
        "starting": _("Starting any moment"),
    }
