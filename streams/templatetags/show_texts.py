"""Hand the scripts of a show, or of the studio, their sentences."""

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

from streams import texts

register = template.Library()


@register.simple_tag
def show_texts() -> SafeString:
    """Render the sentences that static/js/words.js reads."""
    return json_script(texts.of_show(), "show-words")
