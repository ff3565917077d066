import inventory.json_fields
import inventory.sku
from django.db import migrations, models

# What is unseen goes, blanks at the ends too; a part between slashes that is one dot or two gets a line before it.
# inventory and shop do the same, so that what was one SKU stays one. Two that become one stop the migration.
REPAIR_SKUS = r"""
UPDATE inventory_stockitem SET sku = left(coalesce(nullif(regexp_replace(regexp_replace(
    regexp_replace(sku, '[\u0001-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]', '', 'g'),
    '^[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+|[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+$', '', 'g'),
    '(^|/)(\.\.?)(?=/|$)', '\1_\2', 'g'), ''), 'sku-' || substr(md5(sku), 1, 8)), 64)
WHERE sku !~ '\A(?![\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000])(?!(?:.*/)?\.\.?(?:/|\Z))[^\u0001-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]+(?<![\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000])\Z'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0005_unbounded_texts'),
    ]

    operations = [
        migrations.RunSQL(REPAIR_SKUS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='attempt',
            name='answer',
            field=inventory.json_fields.ShapedJSONField(help_text='what was answered, for those who send it again', null=True, validators=[inventory.json_fields.AnyObject()]),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('answer'), predicate='strict $.type() == "object"'), name='attempt_answer_is_object'),
        ),
        migrations.AlterField(
            model_name='reconciliation',
            name='counts',
            field=inventory.json_fields.ShapedJSONField(help_text='how much each check found, also those that found nothing', validators=[inventory.json_fields.Counts()]),
        ),
        migrations.AlterField(
            model_name='reconciliation',
            name='drifts',
            field=inventory.json_fields.ShapedJSONField(help_text='what was found, the first of each check', validators=[inventory.json_fields.Rows(check='string', expected='string', found='string', hint='string', subject='string')]),
        ),
        migrations.AlterField(
            model_name='stockitem',
            name='sku',
            field=models.CharField(max_length=64, validators=[inventory.sku.validate_sku]),
        ),
        migrations.AddConstraint(
            model_name='reconciliation',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('counts'), predicate='strict $.type() == "object" && !exists($.keyvalue() ? (!(@.value.type() == "number" && @.value >= 0 && @.value.floor() == @.value)))'), name='reconciliation_counts'),
        ),
        migrations.AddConstraint(
            model_name='reconciliation',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('drifts'), predicate='strict $.type() == "array" && !exists($[*] ? (@.type() != "object" || !(@.check.type() == "string") || (@.check.type() == "string") is unknown || !(@.subject.type() == "string") || (@.subject.type() == "string") is unknown || !(@.expected.type() == "string") || (@.expected.type() == "string") is unknown || !(@.found.type() == "string") || (@.found.type() == "string") is unknown || !(@.hint.type() == "string") || (@.hint.type() == "string") is unknown))'), name='reconciliation_drifts'),
        ),
        migrations.AddConstraint(
            model_name='stockitem',
            constraint=models.CheckConstraint(condition=models.Q(('sku__regex', '\\A(?![\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000])(?!(?:.*/)?\\.\\.?(?:/|\\Z))[^\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff]+(?<![\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000])\\Z')), name='stock_sku_can_be_one'),
        ),
    ]
