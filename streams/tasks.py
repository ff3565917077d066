"""Work that Celery does on a timetable (settings.CELERY_BEAT_SCHEDULE)."""

from celery import shared_task

from streams import figures, retention


@shared_task(name="streams.tasks.note_peaks", soft_time_limit=5, time_limit=10)
def note_peaks() -> None:
    """Remember the most viewers that each show on air had, whether its studio is open or not."""
    figures.note_peaks()


@shared_task(name="streams.tasks.remove_replays", soft_time_limit=240, time_limit=300)
def remove_replays() -> None:
    """Remove the recordings that their hosts wanted kept no longer, or never."""
    retention.remove_overdue()
