"""Work that Celery does on a timetable (settings.CELERY_BEAT_SCHEDULE)."""

from celery import shared_task

from streams import announcements, figures, retention
from streams.chat import partitions


@shared_task(name="streams.tasks.note_audiences", soft_time_limit=5, time_limit=10)
def note_audiences() -> None:
    """Remember how many watched each show, and for how long, whether its studio is open or not."""
    figures.note_audiences()


@shared_task(name="streams.tasks.remove_replays", soft_time_limit=240, time_limit=300)
def remove_replays() -> None:
    """Remove the recordings that their hosts wanted kept no longer, or never."""
    retention.remove_overdue()


@shared_task(name="streams.tasks.forget_chat", soft_time_limit=540, time_limit=600)
def forget_chat() -> int:
    """Make the next months of the chat, and forget messages that are past CHAT_RETENTION_DAYS."""
    partitions.MONTHS.ensure_ahead()
    return partitions.forget_old()


@shared_task(name="streams.tasks.end_announcements", soft_time_limit=5, time_limit=10)
def end_announcements() -> int:
    """End the announcements whose time has passed."""
    return announcements.end_overdue()
