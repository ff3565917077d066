"""What Celery's beat has done, and how often. A run that nobody took before the next is due is dropped."""

from celery.schedules import crontab

CELERY_BEAT_SCHEDULE = {
    # A queue and a worker of its own, so that no import starves it.
    "sweep": {"task": "orders.tasks.sweep", "schedule": 1.0, "options": {"expires": 2}},
    "reconcile": {"task": "inventory.tasks.reconcile", "schedule": 300.0, "options": {"expires": 300}},
    "reconcile-archive": {
        "task": "inventory.tasks.reconcile",
        "schedule": crontab(hour=4, minute=40),
        "kwargs": {"is_deep": True},
        "options": {"expires": 3600},
    },
    "follow-up-payments": {"task": "orders.tasks.follow_up_payments", "schedule": 5.0, "options": {"expires": 5}},
    "sandbox-webhooks": {"task": "orders.tasks.deliver_sandbox_webhooks", "schedule": 2.0, "options": {"expires": 2}},
    "forget-idempotency-keys": {
        "task": "orders.tasks.forget_idempotency_keys",
        "schedule": 900.0,
        "options": {"expires": 900},
    },
    "forget-attempts": {"task": "inventory.tasks.forget_attempts", "schedule": 900.0, "options": {"expires": 900}},
    "archive-orders": {
        "task": "orders.tasks.archive_orders",
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 3600},
    },
    "refresh-live-availability": {
        "task": "realtime.tasks.refresh_live_availability",
        "schedule": 3.0,
        "options": {"expires": 3},
    },
    "drain-outbox": {"task": "shop.tasks.drain_outbox", "schedule": 1.0, "options": {"expires": 2}},
    "send-mails": {"task": "shop.tasks.send_mails", "schedule": 2.0, "options": {"expires": 2}},
    "send-webhooks": {"task": "shop.tasks.send_webhooks", "schedule": 1.0, "options": {"expires": 2}},
    "tidy-news": {"task": "shop.tasks.tidy_news", "schedule": 3600.0, "options": {"expires": 3600}},
    "end-announcements": {"task": "streams.tasks.end_announcements", "schedule": 2.0, "options": {"expires": 2}},
    "forget-chat": {"task": "streams.tasks.forget_chat", "schedule": 3600.0, "options": {"expires": 3600}},
    "remove-replays": {"task": "streams.tasks.remove_replays", "schedule": 60.0, "options": {"expires": 60}},
    "note-audiences": {"task": "streams.tasks.note_audiences", "schedule": 5.0, "options": {"expires": 5}},
}
