import datetime
import uuid

import django.db.models.functions.text
from django.db import migrations, models
from django.utils import timezone

ALIAS = "archive"
MONTHS_AHEAD = 3
TABLE = """
CREATE TABLE orders_archivedorder (
    id uuid NOT NULL,
    number_seq bigint NOT NULL,
    email varchar(254) NOT NULL,
    name varchar(120) NOT NULL,
    line1 varchar(200) NOT NULL,
    city varchar(120) NOT NULL,
    postal_code varchar(16) NOT NULL,
    country varchar(2) NOT NULL,
    state varchar(10) NOT NULL,
    cancel_reason varchar(14) NOT NULL,
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    currency varchar(3) NOT NULL,
    session varchar(100) NOT NULL,
    delivery_on date,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    placed_at timestamptz,
    terminal_at timestamptz NOT NULL,
    buyer_id bigint,
    lines jsonb NOT NULL,
    reservations jsonb NOT NULL,
    PRIMARY KEY (id, terminal_at)
) PARTITION BY RANGE (terminal_at)
"""


def make_partitions(apps, schema_editor):
    month = timezone.now().astimezone(datetime.UTC).date().replace(day=1)
    for _ in range(1 + MONTHS_AHEAD):
        after = (month + datetime.timedelta(days=31)).replace(day=1)
        schema_editor.execute(
            f"CREATE TABLE orders_archivedorder_y{month:%Ym%m} PARTITION OF orders_archivedorder"
            f" FOR VALUES FROM ('{month} 00:00+00') TO ('{after} 00:00+00')"
        )
        month = after


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0003_payment_follow_up'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='ArchivedOrder',
                    fields=[
                        ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        ('number_seq', models.BigIntegerField(editable=False)),
                        ('email', models.EmailField(max_length=254)),
                        ('name', models.CharField(max_length=120)),
                        ('line1', models.CharField(max_length=200)),
                        ('city', models.CharField(max_length=120)),
                        ('postal_code', models.CharField(max_length=16)),
                        ('country', models.CharField(max_length=2)),
                        ('state', models.CharField(choices=[('created', 'Awaiting payment'), ('placed', 'Paid'), ('in_transit', 'On its way'), ('delivered', 'Delivered'), ('cancelled', 'Cancelled')], default='created', max_length=10)),
                        ('cancel_reason', models.CharField(blank=True, choices=[('payment_failed', 'Payment failed'), ('expired', 'Not paid in time'), ('by_buyer', 'Cancelled by the buyer'), ('by_staff', 'Cancelled by staff')], max_length=14)),
                        ('total_minor', models.PositiveBigIntegerField()),
                        ('currency', models.CharField(max_length=3)),
                        ('session', models.CharField(blank=True, help_text='slug of the show it was bought in', max_length=100)),
                        ('delivery_on', models.DateField(blank=True, null=True)),
                        ('created_at', models.DateTimeField()),
                        ('expires_at', models.DateTimeField(help_text='deadline for payment, as the shopper sees it')),
                        ('placed_at', models.DateTimeField(blank=True, null=True)),
                        ('buyer_id', models.BigIntegerField(blank=True, null=True)),
                        ('terminal_at', models.DateTimeField()),
                        ('lines', models.JSONField(help_text='rows of OrderLine, without their order')),
                        ('reservations', models.JSONField(help_text="rows of inventory's Reservation, without their holder")),
                    ],
                    options={
                        'ordering': ['-created_at', '-id'],
                    },
                ),
            ],
            database_operations=[
                migrations.RunSQL(TABLE, "DROP TABLE orders_archivedorder", hints={'target_db': ALIAS}),
            ],
        ),
        migrations.AddIndex(
            model_name='archivedorder',
            index=models.Index(fields=['buyer_id', '-created_at', '-id'], name='archived_order_by_buyer'),
        ),
        migrations.AddIndex(
            model_name='archivedorder',
            index=models.Index(condition=models.Q(('state', 'cancelled')), fields=['buyer_id', '-created_at', '-id'], name='archived_order_cancelled'),
        ),
        migrations.AddIndex(
            model_name='archivedorder',
            index=models.Index(fields=['number_seq'], name='archived_order_by_number'),
        ),
        migrations.AddIndex(
            model_name='archivedorder',
            index=models.Index(django.db.models.functions.text.Upper('email'), name='archived_order_by_email'),
        ),
        migrations.AddIndex(
            model_name='archivedorder',
            index=models.Index(condition=models.Q(('session', ''), _negated=True), fields=['session'], name='archived_order_by_session'),
        ),
        migrations.AddConstraint(
            model_name='archivedorder',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['delivered', 'cancelled'])), name='archived_order_is_over'),
        ),
        migrations.RunPython(make_partitions, migrations.RunPython.noop, hints={'target_db': ALIAS}),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('terminal_at__isnull', False)), fields=['terminal_at'], name='order_over'),
        ),
    ]
