"""Unseen signs, look-alikes and disguised links: what chat takes, what it holds, and who may be called what."""

import json
import unicodedata

import pytest
from django.test import Client

from shop.models import User
from shop.text import one_line
from streams.chat import messages, screening
from streams.chat.links import has_link
from streams.exceptions import ChatRefused
from streams.models import ChatMessage, Moderator
from tests.support.api_client import Caller
from tests.support.factories import make_session, make_user

in_database = pytest.mark.django_db(transaction=True)


@in_database
@pytest.mark.parametrize(
    "text",
    [
        "\u3164",
        "\u2800\u2800",
        "\u00ad",
        "\u034f",
        "\u200d",
        "\ufe0f",
        "\u0301",
        "\u20e3",
        "\u115f\u1160",
        "\u17b4",
        "\U000e0041\U000e007f",
        "\U000e0100",
        "\u2062",
        "\ufff9",
        "\U0001d159",
        "\U0001d173",
        "\u180e",
        "\ue000",
    ],
)
def test_a_line_that_shows_nothing_is_refused(text: str) -> None:
    with pytest.raises(ChatRefused) as refused:
        messages.post(make_session(), author=make_user(), text=f" {text}\n{text}")

    assert refused.value.code == "bad_message"
    assert not ChatMessage.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦",
        "👩🏽‍🚀 ❤️‍🔥",
        "🏳️‍🌈",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "🇮🇳🇬🇧",
        "1️⃣ #️⃣",
        "🙂‍↔️",
        "👁️‍🗨️",
        "🧑🏻‍❤️‍💋‍🧑🏿",
        "ℹ️ ™️ ‼️",
        "🫨",
        "می‌خواهم",
        "خانه‌ها",
        "क्‍ष",
        "ക്‍",
        "葛󠄀",
        "שָׁלוֹם",
        "Tiếng Việt",
        "ประเทศไทย",
    ],
)
def test_what_unseen_signs_are_for_goes_on_working(text: str) -> None:
    assert one_line(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("s\u00adp\u200da\u2063m\ufe0f", "spam"),
        ("a\U000e0061\U000e0062b", "ab"),
        ("🏴\U000e0061 flag", "🏴 flag"),
        ("👩\u200d\u200d\u200d", "👩"),
        ("سلام\u200c\u200c\u200c hi", "سلام hi"),
        ("Z" + "\u0335\u0321\u0322\u0327" * 30, "Z\u0335\u0321\u0322\u0327"),
        ("\u0301\u0302 a", "a"),
    ],
)
def test_unseen_signs_without_a_use_and_stacked_marks_are_left_out(said: str, kept: str) -> None:
    assert one_line(said) == kept


@pytest.mark.parametrize(
    "text",
    [
        "spam",
        "sp\u200bam",
        "s\u00adpam",
        "ѕраm",
        "ｓｐａｍ",
        "𝐬𝐩𝐚𝐦",
        "s\ufe0fpam",
        "s\u0336p\u0336a\u0336m",
        "S\u200dPAM",
        "sp\U000e0061am",
        "a big\u2063 deal",
        "a  BIG deal",
        "f1ag",
        "fIag",
    ],
)
def test_a_blocked_word_is_found_in_disguise(text: str) -> None:
    assert screening.has_word(f"see, {text}!", ["spam", "big deal", "flag"])


@pytest.mark.parametrize("text", ["spammer", "class", "100", "a big, fine deal", "می‌خواهم"])
def test_other_words_are_not_blocked(text: str) -> None:
    assert not screening.has_word(text, ["spam", "ass", "loo", "big deal", "خواهم"])


LINKS = """see http://x|WWW.kiln.example|kiln-shop.com|kiln.io/now|ｋｉｌｎ．ｃｏｍ|so.me
kiln。com|kiln｡com|kiln․com|youtu.be/abc
bit.ly/x|t.co/x|is.gd/q|goo.gl/x|1.2.3.4|203.0.113.7:8080/x|kiln.pizza/menu|kiln.example:8080|me@kiln.example|kiln.соm
kiln[.]com|kiln (dot) com
xn--80ak6aa92e.com|пример.рф|例子.中国|kiln.de|kiln.it|KILN.COM|(kiln.com)|go to kiln.com.|x.co
kiln.com, nice|a.b.co.uk|ftp://x|tg://x|[2001:db8::1]|_kiln.com|..kiln.com|-kiln.com|kiln.𝐜𝐨𝐦|kiln．ｃｏｍ／ｘ|discord.gg/abc"""
NO_LINKS = """nice.but too big|it costs 3.50|e.g. the vase|wow...in blue?
v2.0|19.99/each|and/or|a.m./p.m.|M.D.|U.S.A.|5.0/5.0
Hello.How are you|1,234.50|size L/XL|10:30
i.e. this|3.50€|yes...|30x40 cm.|1.000.000|12.05.2026|No. 5|:-)/|at 10.am|2.5.in"""


@pytest.mark.parametrize("text", LINKS.replace("\n", "|").split("|"))
def test_a_link_is_found_in_disguise(text: str) -> None:
    assert has_link(text)
    assert has_link(text.replace(".", "\u200b.\u00ad"))


@pytest.mark.parametrize("text", NO_LINKS.replace("\n", "|").split("|"))
def test_what_is_no_link_passes(text: str) -> None:
    assert not has_link(text)


ALIKE = [
    "Mira",
    "MIRA",
    "Мirа",
    "★ M1ra ✓",
    "Ｍｉｒａ",
    "𝓜𝓲𝓻𝓪",
    "Mi\u200dra",
    "Míra",
    "M.i.r.a",
    "Showfloor",
    "Sh0wfIoor Team",
]


@in_database
@pytest.mark.parametrize("name", ALIKE)
def test_nobody_takes_a_hosts_name_or_one_that_looks_like_it(client: Client, name: str) -> None:
    make_user(is_host=True, display_name="Mira")
    person = make_user(display_name="Moss")
    form = {"email": "new@example.com", "password1": "long-enough-9", "display_name": name}

    at_sign_up = client.post("/accounts/signup/", form)
    assert "looks like" in at_sign_up.content.decode()
    assert not User.objects.filter(email="new@example.com").exists()
    client.force_login(person)
    assert "looks like" in client.post("/accounts/", {"display_name": name}).content.decode()
    by_api = Caller(person).call("PATCH", "me", {"display_name": name})
    assert (by_api.status_code, list(by_api.json()["errors"])) == (400, ["display_name"])
    person.refresh_from_db()
    assert person.display_name == "Moss"


@in_database
@pytest.mark.parametrize("name", ["Mirna", "Mira's fan", "Anna", "میرا", "Moss"])
def test_other_names_are_free(client: Client, name: str) -> None:
    host = make_user(is_host=True, display_name="Mira")
    person = make_user()
    for user, chosen in ((person, name), (host, "MIRA")):
        client.force_login(user)
        client.post("/accounts/", {"display_name": chosen})
        user.refresh_from_db()
        assert user.display_name == chosen


@in_database
@pytest.mark.parametrize("name", ["Mirа", "M1RA", "Showfloor", "Jо"])
def test_who_bore_such_a_name_before_speaks_under_another_one(name: str) -> None:
    session = make_session(host=make_user(is_host=True, display_name="Mira"))
    moderator = make_user(display_name="Jo")
    Moderator.objects.create(session=session, user=moderator)
    viewer = make_user(display_name=name)

    said = messages.post(session, author=viewer, text="all free today")

    assert said.author_name == f"viewer_{str(viewer.public_id)[:4]}"
    assert messages.post(session, author=moderator, text="no").author_name == "Jo"
    assert messages.post(session, author=session.host, text="no").author_name == "Mira"
    assert messages.post(session, author=make_user(display_name="Joan"), text="ah").author_name == "Joan"
    assert name not in json.dumps([one.author_name for one in messages.history(session)], ensure_ascii=False)
