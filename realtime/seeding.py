"""A show's first state from the database, and what heals it later. The only code here that reads whole shows."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from inventory import availability as stock
from realtime import publish, topic_log, viewer_counts, wire
from realtime.wire import Event
from streams import announcements, opinions, run_list
from streams.chat import messages, partitions
from streams.models import Announcement, ChatMessage, StreamSession

ATTEMPTS = 5
LOST_AFTER = timedelta(seconds=3)
LOST_FOR = timedelta(minutes=2)
HEALED = (*StreamSession.ON_AIR, StreamSession.State.REHEARSAL)


class UnknownShow(Exception):
    """There is no show with this slug."""


def seeded_snapshot(topic: str, *, with_log: bool = False) -> topic_log.Snapshot:
    """Return a topic's snapshot, seeding its log from the database if it knows nothing yet.

    Raises UnknownShow, or redis.RedisError.
    """
    for _ in range(ATTEMPTS):
        found = topic_log.snapshot(topic, with_log=with_log)
        if found.is_seeded:
            return found
        try:
            topic_log.seed(topic, found.head, read(topic))
        except UnknownShow:
            topic_log.forget(topic)
            raise
    raise TimeoutError(f"Redis forgot {topic} {ATTEMPTS} times while it was being read")


def read(topic: str) -> topic_log.Seeds:
    """Read what a snapshot of this topic says. Raises UnknownShow."""
    if topic == topic_log.SITE:
        return topic_log.Seeds(session={}, announcements=announcement_events())
    slug = topic.removeprefix("session:")
    session = StreamSession.objects.select_related("pinned").filter(slug=slug).first()
    if session is None:
        raise UnknownShow(slug)
    skus = run_list.skus(session)
    return topic_log.Seeds(
        session=session_fields(session),
        run_list=skus,
        items=publish.item_events(skus),
        stock=publish.stock_events(skus),
        chat=[chat_event(message, session) for message in messages.history(session)],
        announcements=announcement_events(session),
        host=viewer_counts.word_of(topic, viewer_counts.account(session.host_id)),
    )


def session_fields(session: StreamSession) -> dict[str, Any]:
    """Return the `session` part of a snapshot. Viewers are counted by the hubs, from nought."""
    counts = opinions.counts(session)
    pinned = session.pinned_message
    return {
        "slug": session.slug,
        "state": session.state,
        "title": session.title,
        "pinned_sku": session.pinned.sku if session.pinned else None,
        "viewers": 0,
        "likes": counts.likes,
        "dislikes": counts.dislikes,
        "slow_mode_s": session.slow_mode_s,
        "pinned_message": chat_body(pinned, session) if pinned else None,
    }


def chat_event(message: ChatMessage, session: StreamSession) -> Event:
    rehearsed_at = session.rehearsed_at if session.state == StreamSession.State.REHEARSAL else None
    return wire.chat(
        id=str(message.pk),
        author=message.author_name,
        role=message.role,
        text=message.text,
        at=message.at,
        is_rehearsed=message.is_hidden_from(rehearsed_at),
    )


def announcement_event(announcement: Announcement) -> Event:
    return wire.announcement(
        id=str(announcement.pk), kind=announcement.kind, text=announcement.text, until=announcement.until
    )


def announcement_events(session: StreamSession | None = None) -> list[Event]:
    """Return what is said over every page, or over this show's."""
    return [announcement_event(one) for one in announcements.in_force(session)]


def chat_body(message: ChatMessage, session: StreamSession) -> wire.Message:
    """Return a message as it stands in a state: without a type."""
    return {name: value for name, value in chat_event(message, session).items() if name != "type"}


def heal_live_shows() -> int:
    """Publish what shows on air or rehearsed say otherwise than the database; return how many differences there were.

    A change published meanwhile wins: a field is only healed while it still has the value that was compared.
    """
    sessions = list(StreamSession.objects.filter(state__in=HEALED).select_related("pinned"))
    snapshots = {session.pk: topic_log.snapshot(topic_log.session_topic(session.slug)) for session in sessions}
    seen = [session for session in sessions if snapshots[session.pk].is_seeded]
    skus = {sku for session in seen for sku in snapshots[session.pk].state["run_list"]}
    healed = topic_log.set_availability(
        wire.availability(sku=one.sku, available=one.available, version=one.version, as_of=timezone.now())
        for one in stock.read(skus).values()
    )
    for session in seen:
        # Read again: what was read before the snapshot may be older than it.
        session.refresh_from_db(
            fields=["state", "pinned", "pinned_message_id", "pinned_message_said_at", "slow_mode_s"]
        )
        healed += _heal(session, snapshots[session.pk])
    site = topic_log.snapshot(topic_log.SITE)
    return healed + (_heal_announcements(topic_log.SITE, site, None) if site.is_seeded else 0)


def _heal(session: StreamSession, snapshot: topic_log.Snapshot) -> int:
    topic, shown = topic_log.session_topic(session.slug), snapshot.state
    now, skus = session_fields(session), run_list.skus(session)
    repairs: list[tuple[str, list[Event]]] = []
    if now["state"] != shown["session"]["state"]:
        repairs.append(("state", [wire.session(now["state"])]))
    if now["pinned_sku"] != shown["session"]["pinned_sku"]:
        repairs.append(("pinned_sku", [wire.pin(now["pinned_sku"])]))
    if now["slow_mode_s"] != shown["session"]["slow_mode_s"]:
        repairs.append(("slow_mode_s", [wire.slow_mode(now["slow_mode_s"])]))
    if now["pinned_message"] != shown["session"].get("pinned_message"):
        repairs.append(("pinned_message", [wire.message_pin(now["pinned_message"])]))
    if now["likes"] != shown["session"]["likes"] or now["dislikes"] != shown["session"]["dislikes"]:
        repairs.append(("likes", [wire.likes(likes=now["likes"], dislikes=now["dislikes"])]))
    if skus != shown["run_list"]:
        repairs.append(("run_list", publish.run_list_events(skus)))
    elif prices := [event for event in publish.item_events(skus) if _differs(event, shown["items"][event["sku"]])]:
        repairs.append(("run_list", prices))
    done = _heal_announcements(topic, snapshot, session)
    done += _heal_removals(topic, snapshot, session) + _heal_chat(topic, snapshot, session)
    for field, events in repairs:
        compared = shown["run_list"] if field == "run_list" else shown["session"].get(field)
        done += topic_log.publish(topic, events, only_if=(field, compared)) >= 0
    return done


def _heal_announcements(topic: str, snapshot: topic_log.Snapshot, session: StreamSession | None) -> int:
    """Make up for an announcement, or an end of one, that got lost. What overtakes this is healed the next time."""
    wanted = {event["id"]: event for event in announcement_events(session)}
    shown = {one["id"] for one in snapshot.state["announcements"]}
    repairs = [event for id, event in wanted.items() if id not in shown]
    repairs += [wire.announcement_ended(id) for id in shown - wanted.keys()]
    if repairs:
        topic_log.publish(topic, repairs)
    return len(repairs)


def _heal_removals(topic: str, snapshot: topic_log.Snapshot, session: StreamSession) -> int:
    """Take out what a moderator removed and pages still show."""
    shown = [one["id"] for one in snapshot.state["chat"]]
    removed = partitions.said_in(session).filter(pk__in=shown, removed_at__isnull=False)
    repairs = [wire.chat_removed(str(pk)) for pk in removed.values_list("pk", flat=True)]
    if repairs:
        topic_log.publish(topic, repairs)
    return len(repairs)


def _heal_chat(topic: str, snapshot: topic_log.Snapshot, session: StreamSession) -> int:
    """Tell what was said in the last minutes, and is neither on the pages nor in the log.

    Pages show the newest messages: one that is missing among them, but older than all of them, had its time there.
    """
    shown, now = snapshot.state["chat"], timezone.now()
    ids = {one["id"] for one in shown}
    lately = messages.visible(session, since=now - LOST_FOR, until=now - LOST_AFTER).order_by("at", "id")
    told_late = (chat_event(message, session) for message in lately)
    missing = [one for one in told_late if one["id"] not in ids and (not shown or one["at"] > shown[0]["at"])]
    if missing:
        told = {event.get("id") for _, event in topic_log.tail(topic, since=0).entries}
        missing = [one for one in missing if one["id"] not in told]
    if missing:
        topic_log.publish(topic, missing)
    return len(missing)


def _differs(event: Event, shown: dict[str, Any]) -> bool:
    return any(event[name] != shown.get(name) for name in ("price_minor", "currency"))
