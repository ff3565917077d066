"""{% load addresses %}{{ order|address_lines }}: where something goes, as its country writes it, with the country."""

from django import template

from shop.people import addresses

register = template.Library()


@register.filter
def address_lines(address: object) -> list[str]:
    return addresses.lines_of(address)


@register.filter
def country_name(code: str) -> str:
    return addresses.country_name(code)
