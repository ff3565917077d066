"""{% load fields %}{{ field|control }}: a form field's control with our look."""

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def control(field: BoundField) -> SafeString:
    """Draw the control. Placeholders go: the label says it, and stays."""
    field.field.widget.attrs.pop("placeholder", None)
    kinds = str(field.field.widget.attrs.get("class", ""))
    return field.as_widget(attrs={"class": f"{kinds} input".strip()})
