from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """On its own, so that rows can be written while those that are there are looked at."""

    dependencies = [
        ('orders', '0009_shapes'),
    ]

    operations = [
        ValidateConstraint(model_name='archivedorder', name='archived_order_lines'),
        ValidateConstraint(model_name='archivedorder', name='archived_order_reservations'),
        ValidateConstraint(model_name='sandboxpayment', name='sandbox_switches'),
    ]
