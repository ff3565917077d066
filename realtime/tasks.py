"""Work that Celery does on a timetable (settings.CELERY_BEAT_SCHEDULE)."""

from celery import shared_task

from realtime import seeding


@shared_task(name="realtime.tasks.refresh_live_availability", soft_time_limit=10, time_limit=20)
def refresh_live_availability() -> int:
    """Tell the viewers of live shows what a lost event did not; return how much there was."""
    return seeding.heal_live_shows()
