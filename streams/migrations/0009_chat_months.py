"""Chat in a partition for each month of `said_at`; a show's pin by the message's id and time, without a constraint.

The rows are copied in the migration's transaction; who writes in a chat meanwhile waits.
"""

import datetime

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

MONTHS_AHEAD = 3
ROWS = "id, author_name, role, text, at, removed_at, author_id, session_id, held_for, network"
TABLE = """
CREATE TABLE streams_chatmessage (
    id uuid NOT NULL,
    author_name varchar(40) NOT NULL,
    role varchar(10) NOT NULL,
    text varchar(300) NOT NULL,
    at timestamptz NOT NULL,
    removed_at timestamptz,
    author_id bigint,
    session_id uuid NOT NULL,
    held_for varchar(8) NOT NULL,
    network varchar(64) NOT NULL,
    {key}
"""
BY_MONTH = "said_at timestamptz NOT NULL, PRIMARY KEY (id, said_at)) PARTITION BY RANGE (said_at)"
PLAIN = "PRIMARY KEY (id))"
SET_ASIDE = """
ALTER TABLE streams_chatmessage RENAME TO streams_chatmessage_before;
ALTER INDEX streams_chatmessage_pkey RENAME TO streams_chatmessage_before_pkey;
"""
BY_SESSION = "CREATE INDEX streams_chatmessage_session_id ON streams_chatmessage (session_id)"


def after(month):
    return (month + datetime.timedelta(days=31)).replace(day=1)


def part(apps, schema_editor):
    """Move the rows to their months: a message was said when it appeared, for all that is known of older ones."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(SET_ASIDE)
        cursor.execute(TABLE.format(key=BY_MONTH))
        cursor.execute("SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC')::date FROM streams_chatmessage_before")
        months = {month for (month,) in cursor.fetchall()}
        month = django.utils.timezone.now().astimezone(datetime.UTC).date().replace(day=1)
        for _ in range(1 + MONTHS_AHEAD):
            months.add(month)
            month = after(month)
        for month in sorted(months):
            cursor.execute(
                f"CREATE TABLE streams_chatmessage_y{month:%Ym%m} PARTITION OF streams_chatmessage"
                f" FOR VALUES FROM ('{month} 00:00+00') TO ('{after(month)} 00:00+00')"
            )
        cursor.execute(f"INSERT INTO streams_chatmessage ({ROWS}, said_at) SELECT {ROWS}, at FROM streams_chatmessage_before")
        cursor.execute("DROP TABLE streams_chatmessage_before")
        cursor.execute(BY_SESSION)
        cursor.execute(
            "UPDATE streams_streamsession SET pinned_message_said_at = said_at"
            " FROM streams_chatmessage AS pinned WHERE pinned.id = pinned_message_id"
        )


def join(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(SET_ASIDE)
        cursor.execute(TABLE.format(key=PLAIN))
        cursor.execute(f"INSERT INTO streams_chatmessage ({ROWS}) SELECT {ROWS} FROM streams_chatmessage_before")
        cursor.execute("DROP TABLE streams_chatmessage_before")
        cursor.execute(BY_SESSION)
        cursor.execute(
            "UPDATE streams_streamsession SET pinned_message_id = NULL"
            " WHERE pinned_message_id NOT IN (SELECT id FROM streams_chatmessage)"
        )


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0008_audience'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='streamsession',
            name='pinned_message',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='streams.chatmessage'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name='streamsession', name='pinned_message'),
                migrations.AddField(
                    model_name='streamsession',
                    name='pinned_message_id',
                    field=models.UUIDField(blank=True, editable=False, null=True),
                ),
            ],
        ),
        migrations.AddField(
            model_name='streamsession',
            name='pinned_message_said_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='chatmessage',
            name='session',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='chat', to='streams.streamsession'),
        ),
        migrations.AlterField(
            model_name='chatmessage',
            name='author',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RemoveIndex(model_name='chatmessage', name='chat_shown'),
        migrations.RemoveIndex(model_name='chatmessage', name='chat_held'),
        migrations.RemoveIndex(model_name='chatmessage', name='chat_by_author'),
        migrations.RemoveIndex(model_name='chatmessage', name='chat_by_time'),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name='chatmessage',
                    name='said_at',
                    field=models.DateTimeField(default=django.utils.timezone.now, editable=False, help_text="never changes: the row's month"),
                ),
            ],
            database_operations=[migrations.RunPython(part, join)],
        ),
        migrations.AddIndex(
            model_name='chatmessage',
            index=models.Index(condition=models.Q(('held_for', ''), ('removed_at__isnull', True)), fields=['session', '-at'], name='chat_shown'),
        ),
        migrations.AddIndex(
            model_name='chatmessage',
            index=models.Index(condition=models.Q(('removed_at__isnull', True), models.Q(('held_for', ''), _negated=True)), fields=['session', 'at'], name='chat_held'),
        ),
        migrations.AddIndex(
            model_name='chatmessage',
            index=models.Index(fields=['author', 'session'], name='chat_by_author'),
        ),
        migrations.AddIndex(
            model_name='chatmessage',
            index=models.Index(fields=['said_at'], name='chat_by_time'),
        ),
    ]
