"""Work that Celery does on a timetable (settings.CELERY_BEAT_SCHEDULE)."""

from celery import shared_task

from streams import figures


@shared_task(name="streams.tasks.note_peaks", soft_time_limit=5, time_limit=10)
def note_peaks() -> None:
    """Remember the most viewers that each show on air had, whether its studio is open or not."""
    figures.note_peaks()
