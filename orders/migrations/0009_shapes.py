import inventory.json_fields
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0008_unbounded_texts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='archivedorder',
            name='lines',
            field=inventory.json_fields.ShapedJSONField(help_text='rows of OrderLine, without their order', validators=[inventory.json_fields.Rows(product_name='string', quantity='number', sku='string', unit_price_minor='number')]),
        ),
        migrations.AlterField(
            model_name='archivedorder',
            name='reservations',
            field=inventory.json_fields.ShapedJSONField(help_text="rows of inventory's Reservation, without their holder", validators=[inventory.json_fields.Rows(quantity='number', state='string', stock_item_id='number')]),
        ),
        migrations.AlterField(
            model_name='sandboxpayment',
            name='switches',
            field=inventory.json_fields.ShapedJSONField(default=list, help_text='what was to happen, see orders.providers.sandbox.switches', validators=[inventory.json_fields.Texts()]),
        ),
        AddConstraintNotValid(
            model_name='archivedorder',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('lines'), predicate='strict $.type() == "array" && !exists($[*] ? (@.type() != "object" || !(@.sku.type() == "string") || (@.sku.type() == "string") is unknown || !(@.product_name.type() == "string") || (@.product_name.type() == "string") is unknown || !(@.quantity.type() == "number") || (@.quantity.type() == "number") is unknown || !(@.unit_price_minor.type() == "number") || (@.unit_price_minor.type() == "number") is unknown))'), name='archived_order_lines'),
        ),
        AddConstraintNotValid(
            model_name='archivedorder',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('reservations'), predicate='strict $.type() == "array" && !exists($[*] ? (@.type() != "object" || !(@.stock_item_id.type() == "number") || (@.stock_item_id.type() == "number") is unknown || !(@.quantity.type() == "number") || (@.quantity.type() == "number") is unknown || !(@.state.type() == "string") || (@.state.type() == "string") is unknown))'), name='archived_order_reservations'),
        ),
        AddConstraintNotValid(
            model_name='sandboxpayment',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('switches'), predicate='strict $.type() == "array" && !exists($[*] ? (@.type() != "string"))'), name='sandbox_switches'),
        ),
    ]
