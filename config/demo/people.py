"""The demo's people, named by their roles. Their password is known to everyone: never seed a real shop."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from shop.models import Address, User

PASSWORD = "showfloor"  # noqa: S105 (printed by `up` and written in the README)


@dataclass(frozen=True)
class Person:
    """One sign-in, and what it may do."""

    email: str
    display_name: str
    role: str
    has_address: bool = False


SHOPPER = Person("shopper@example.com", "window_seat", "shopper", has_address=True)
SHOPPER_2 = Person("shopper2@example.com", "green_door", "shopper", has_address=True)
HOST = Person("host@example.com", "studio_north", "host")
ADMIN = Person("admin@example.com", "kiln_hand", "admin")
PEOPLE = (SHOPPER, SHOPPER_2, HOST, ADMIN)


def seed() -> dict[str, User]:
    """Make the people, their addresses confirmed; return them by e-mail address."""
    password = make_password(PASSWORD)  # once: it is slow on purpose, and the same for all four
    users = User.objects.bulk_create(
        [
            User(
                email=person.email,
                password=password,
                display_name=person.display_name,
                is_host=person.role == "host",
                is_staff=person.role == "admin",
                is_superuser=person.role == "admin",
            )
            for person in PEOPLE
        ]
    )
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users]
    )
    by_email = {user.email: user for user in users}
    Address.objects.bulk_create(
        [
            Address(
                user=by_email[person.email],
                name="Demo Shopper",
                line1="1 Example Street",
                city="New Delhi",
                postal_code="110001",
                country="IN",
            )
            for person in PEOPLE
            if person.has_address
        ]
    )
    return by_email
