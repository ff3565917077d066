"""The Celery application. Tasks live in each app's `tasks.py`; when they run, in `config.timetable`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("showfloor")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
