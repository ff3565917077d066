"""{% load money %}{{ price_minor|money:currency }}"""

from django import template

from shop.money import format_minor

register = template.Library()


@register.filter
def money(amount_minor: int | None, currency: str) -> str:
    """Show an amount in minor units; nothing for no amount."""
    return "" if amount_minor is None else format_minor(int(amount_minor), currency)
