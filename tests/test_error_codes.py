"""The codes of refusals: a closed list that clients count on."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from realtime import wire

ROOT = Path(__file__).resolve().parent.parent
PROMISED = {
    *("slow_mode", "rate_limited", "too_long", "not_signed_in", "banned", "muted", "held_for_review", "bad_message"),
}


def refused_with() -> Iterator[tuple[str, str]]:
    """Yield every code that the chat, or the realtime server, writes out, and where."""
    for path in [*ROOT.glob("streams/**/*.py"), *ROOT.glob("realtime/**/*.py")]:
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {"ChatRefused", "wire.error"}:
                code = call.args[0]
                if isinstance(code, ast.Constant):
                    yield str(code.value), path.name


def test_the_codes_are_those_that_were_promised() -> None:
    assert set(wire.ERROR_CODES) == PROMISED


def test_nobody_refuses_with_another() -> None:
    found = list(refused_with())

    assert {"messages.py", "screening.py", "silences.py", "consumers.py", "chat.py"} <= {where for _, where in found}
    assert [(code, where) for code, where in found if code not in PROMISED] == []


@pytest.mark.parametrize("code", ["no_links", "unavailable", ""])
def test_another_code_is_not_sent(code: str) -> None:
    with pytest.raises(ValueError, match="no error code"):
        wire.error(code)
