"""What is to happen after a commit spoils neither the commit's answer nor what else is to happen."""

from functools import partial

import pytest
from django.db import transaction

from inventory.transactions import after_commit
from tests.support.factories import make_warehouse

pytestmark = pytest.mark.django_db(transaction=True)


class Clumsy:
    def __call__(self, word: str) -> None:
        raise ValueError(word)

    def stumble(self, word: str) -> None:
        raise ValueError(word)


def stumble(word: str) -> None:
    raise ValueError(word)


@pytest.mark.parametrize(
    "call",
    [stumble, Clumsy(), Clumsy().stumble, partial(stumble, "again")],
    ids=["function", "object", "method", "partial"],
)
def test_a_call_that_fails_is_logged_and_the_next_is_made(call: object, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    with transaction.atomic():
        after_commit(call, *([] if isinstance(call, partial) else ["a stone"]))  # type: ignore[arg-type]
        after_commit(told.append, "all is well")
        make_warehouse()

    assert told == ["all is well"]
    assert "ValueError" in caplog.text
    assert ("stumble" in caplog.text) or ("Clumsy" in caplog.text)


def test_where_there_is_no_transaction_it_is_made_at_once(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    after_commit(stumble, "a stone")
    after_commit(told.append, "all is well")

    assert told == ["all is well"]
    assert "a stone" in caplog.text


def test_nothing_is_made_of_what_is_undone() -> None:
    told: list[str] = []

    with transaction.atomic():
        after_commit(told.append, "all is well")
        transaction.set_rollback(True)

    assert told == []
