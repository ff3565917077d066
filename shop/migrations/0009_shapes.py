import json
import re

import inventory.json_fields
import inventory.sku
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

# What is unseen goes, blanks at the ends too; a part between slashes that is one dot or two gets a line before it.
# inventory and shop do the same, so that what was one SKU stays one. Two that become one stop the migration.
REPAIR_SKUS = r"""
UPDATE shop_variant SET sku = left(coalesce(nullif(regexp_replace(regexp_replace(
    regexp_replace(sku, '[\u0001-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]', '', 'g'),
    '^[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+|[\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+$', '', 'g'),
    '(^|/)(\.\.?)(?=/|$)', '\1_\2', 'g'), ''), 'sku-' || substr(md5(sku), 1, 8)), 64)
WHERE sku !~ '\A(?![\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000])(?!(?:.*/)?\.\.?(?:/|\Z))[^\u0001-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]+(?<![\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000])\Z'
"""


REPAIR_OBJECTS = """
UPDATE shop_auditentry SET data = jsonb_build_object('was', data) WHERE jsonb_typeof(data) <> 'object';
UPDATE shop_outboxevent SET data = jsonb_build_object('was', data) WHERE jsonb_typeof(data) <> 'object';
UPDATE shop_webhookdelivery SET payload = jsonb_build_object('was', payload) WHERE jsonb_typeof(payload) <> 'object';
"""
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
NAME_LONGEST = 60


def printed(text, longest):
    return CONTROLS.sub(" ", text).strip()[:longest].strip()


def words(value, *, longest, numbers, name):
    """Return what can be kept of a value as names and words; `name` is for what had none."""
    kept = {}
    for key, inner in (value if isinstance(value, dict) else {name: value}).items():
        if numbers and isinstance(inner, (bool, int, float)):
            word = inner
        elif isinstance(inner, list) and not any(isinstance(one, (dict, list)) for one in inner):
            word = printed(", ".join(one if isinstance(one, str) else json.dumps(one) for one in inner), longest)
        elif isinstance(inner, str):
            word = printed(inner, longest)
        else:
            word = "" if inner is None else printed(json.dumps(inner, ensure_ascii=False), longest)
        if (shown := printed(key, NAME_LONGEST)) and word != "":
            kept[shown] = word
    return kept


def repair_words(apps, schema_editor):
    """Make names and words of attributes and options that are something else. The audit log keeps what they were."""
    entries = apps.get_model("shop", "AuditEntry").objects
    for model, field, rules in (
        ("Product", "attributes", {"longest": 250, "numbers": True, "name": "Details"}),
        ("Variant", "options", {"longest": 80, "numbers": False, "name": "Kind"}),
    ):
        rows = apps.get_model("shop", model).objects
        for pk, value in rows.order_by("pk").values_list("pk", field).iterator():
            kept = words(value, **rules)
            if kept != value or any(isinstance(one, bool) != isinstance(value[name], bool) for name, one in kept.items()):
                rows.filter(pk=pk).update(**{field: kept})
                entries.create(
                    actor="system", action="repaired", subject=f"{model.lower()}:{pk}", data={field: value}
                )


class Migration(migrations.Migration):

    dependencies = [
        ('shop', '0008_unbounded_texts'),
    ]

    operations = [
        migrations.RunSQL(REPAIR_SKUS, migrations.RunSQL.noop),
        migrations.RunSQL(REPAIR_OBJECTS, migrations.RunSQL.noop),
        migrations.RunPython(repair_words, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='auditentry',
            name='data',
            field=inventory.json_fields.ShapedJSONField(blank=True, default=dict, validators=[inventory.json_fields.AnyObject()]),
        ),
        migrations.AlterField(
            model_name='outboxevent',
            name='data',
            field=inventory.json_fields.ShapedJSONField(default=dict, help_text='ids and figures; nothing about a person', validators=[inventory.json_fields.AnyObject()]),
        ),
        migrations.AlterField(
            model_name='product',
            name='attributes',
            field=inventory.json_fields.ShapedJSONField(blank=True, default=dict, help_text='names and words, e.g. {"Material": "Stoneware"}', validators=[inventory.json_fields.Words(longest=250, numbers=True)]),
        ),
        migrations.AlterField(
            model_name='variant',
            name='options',
            field=inventory.json_fields.ShapedJSONField(blank=True, default=dict, help_text='e.g. {"Size": "M"}', validators=[inventory.json_fields.Words(longest=80)]),
        ),
        migrations.AlterField(
            model_name='variant',
            name='sku',
            field=models.CharField(max_length=64, unique=True, validators=[inventory.sku.validate_sku]),
        ),
        migrations.AlterField(
            model_name='webhookdelivery',
            name='payload',
            field=inventory.json_fields.ShapedJSONField(help_text='public ids and figures, nothing about a person', validators=[inventory.json_fields.AnyObject()]),
        ),
        AddConstraintNotValid(
            model_name='auditentry',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('data'), predicate='strict $.type() == "object"'), name='audit_data_is_object'),
        ),
        AddConstraintNotValid(
            model_name='outboxevent',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('data'), predicate='strict $.type() == "object"'), name='outbox_data_is_object'),
        ),
        AddConstraintNotValid(
            model_name='product',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('attributes'), predicate='strict $.type() == "object" && !exists($.keyvalue() ? (!(@.key like_regex "^[^\\u0001-\\u001f\\u007f-\\u009f]{1,60}$") || !(@.value.type() == "string" && @.value like_regex "^[^\\u0001-\\u001f\\u007f-\\u009f]{1,250}$" || @.value.type() == "number" || @.value.type() == "boolean")))'), name='product_attributes_are_words'),
        ),
        AddConstraintNotValid(
            model_name='variant',
            constraint=models.CheckConstraint(condition=models.Q(('sku__regex', '\\A(?![\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000])(?!(?:.*/)?\\.\\.?(?:/|\\Z))[^\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff]+(?<![\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000])\\Z')), name='variant_sku_can_be_one'),
        ),
        AddConstraintNotValid(
            model_name='variant',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('options'), predicate='strict $.type() == "object" && !exists($.keyvalue() ? (!(@.key like_regex "^[^\\u0001-\\u001f\\u007f-\\u009f]{1,60}$") || !(@.value.type() == "string" && @.value like_regex "^[^\\u0001-\\u001f\\u007f-\\u009f]{1,80}$")))'), name='variant_options_are_words'),
        ),
        AddConstraintNotValid(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=inventory.json_fields.JsonPathMatch(models.F('payload'), predicate='strict $.type() == "object"'), name='webhook_payload_is_object'),
        ),
    ]
