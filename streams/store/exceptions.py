"""What can go wrong between us and a store."""

from dataclasses import dataclass


@dataclass
class StoreAway(Exception):
    """The store did not take something: it is away, slow, full, or refuses us. Trying again helps once it is back."""

    why: str


class Busy(Exception):
    """Another process brings this show's files to the store, or removes them."""
