"""What the programs of `manage.py up` are started with."""

import pytest

from config.launcher import programs
from config.launcher.processes import Program


@pytest.mark.parametrize("program", [programs.worker(), programs.sweeper()], ids=lambda program: program.name)
def test_a_job_that_hangs_is_ended_at_its_time_limit(program: Program) -> None:
    """Only Celery's default pool, of processes, can end a job; the others ignore its time limit."""
    assert not {"--pool", "-P"} & {option.partition("=")[0] for option in program.argv}
