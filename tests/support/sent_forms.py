"""Forms of staff and hosts as a browser sends them: with what is hidden in their pages."""

import html
import re

from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from shop.models import User


def staff(email: str = "admin@example.com") -> Client:
    return signed_in(User.objects.filter(email=email).first() or User.objects.create_superuser(email))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def hidden(page: HttpResponse, part: str = "csrfmiddlewaretoken") -> dict[str, str]:
    """Return the hidden fields of the first of a page's forms in which this text is."""
    forms = re.findall(r"<form\b[^>]*>.*?</form>", page.content.decode(), re.DOTALL)
    form = next(one for one in forms if part in one and "csrfmiddlewaretoken" in one)
    fields = [tag for tag in re.findall(r"<input\b[^>]*>", form) if 'type="hidden"' in tag]
    return {_part(tag, "name"): html.unescape(_part(tag, "value")) for tag in fields}


def _part(tag: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', tag)
    return found[1] if found else ""


def said(client: Client, address: str) -> list[str]:
    page = client.get(address)
    return [str(message) for message in get_messages(page.wsgi_request)]
