"""The addresses of a picture that is kept in several widths."""

from django import template
from django.db.models.fields.files import FieldFile
from django.utils.html import format_html
from django.utils.safestring import SafeString

from shop.pictures import MIDDLE, PictureFile

register = template.Library()


@register.simple_tag
def sources(picture: FieldFile, sizes: str) -> SafeString:
    """Return `src`, and where there are several widths `srcset` with `sizes`, for an <img>."""
    if not isinstance(picture, PictureFile) or not picture.srcset:
        return format_html('src="{}"', picture.url)
    return format_html('src="{}" srcset="{}" sizes="{}"', picture.at(MIDDLE), picture.srcset, sizes)
