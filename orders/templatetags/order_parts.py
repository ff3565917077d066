"""{% load order_parts %}: how parts of an order are shown."""

from datetime import datetime

from django import template

from orders.models import OrderLine
from shop.cart import picture_of
from shop.models import ProductPicture

register = template.Library()


@register.filter
def time_left(until: datetime, now: datetime) -> str:
    """Show the time to a deadline as 4:12; scripts count it down from there."""
    seconds = max(0, int((until - now).total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes}:{seconds:02}"


@register.filter
def picture(line: OrderLine) -> ProductPicture | None:
    """Find the picture of what a line is of; nothing for a variant that was removed since."""
    return picture_of(line.variant) if line.variant else None
