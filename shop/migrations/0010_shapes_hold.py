from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """On its own, so that rows can be written while those that are there are looked at."""

    dependencies = [
        ('shop', '0009_shapes'),
    ]

    operations = [
        ValidateConstraint(model_name='auditentry', name='audit_data_is_object'),
        ValidateConstraint(model_name='outboxevent', name='outbox_data_is_object'),
        ValidateConstraint(model_name='product', name='product_attributes_are_words'),
        ValidateConstraint(model_name='variant', name='variant_sku_can_be_one'),
        ValidateConstraint(model_name='variant', name='variant_options_are_words'),
        ValidateConstraint(model_name='webhookdelivery', name='webhook_payload_is_object'),
    ]
