"""Whatever happens to orders, in any order: the machine of tests/support/orders_machine.py on real PostgreSQL."""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.orders_machine import Orders

EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "25"))  # `make soak` asks for many more


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.timeout(0)
def test_orders_end_as_the_table_says_whatever_happens() -> None:
    run_state_machine_as_test(
        Orders,
        settings=settings(max_examples=EXAMPLES, stateful_step_count=40, suppress_health_check=list(HealthCheck)),
    )
