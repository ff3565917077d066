"""What Celery does for the books. Each task may run anywhere, twice, or be killed half-way."""

from celery import shared_task

from inventory import attempts, reconciliation


@shared_task(time_limit=600)
def reconcile(*, is_deep: bool = False) -> None:
    reconciliation.reconcile(is_deep=is_deep)


@shared_task(time_limit=120)
def forget_attempts() -> None:
    while attempts.forget():
        pass
