"""How log records look: one JSON object a line, or coloured words while debugging. No secret stands in either."""

import logging
import re
from typing import Any

import structlog
from django.http import HttpRequest

# Words that open something, where they stand in an address: an order, a confirmation, a reset, a show's video.
SECRETS = [
    re.compile(r"(?i)([?&](?:access|token|ticket|key|code|secret)=)[^&\s'\"#\\]+"),
    re.compile(r"(?i)(/password/reset/key/)[^/\s'\"\\]+"),
    re.compile(r"(?i)(/confirm-email/)[^/\s'\"\\]+"),
    re.compile(r"(/for/)[^/\s'\"\\]+(?=/sessions/)"),
    re.compile(r"(?i)((?:Authorization|Order-Access)['\"]?[:=] ?['\"]?(?:Token |Bearer )?)[^\s'\",\\]+"),
]


def logging_of(*, is_plain: bool) -> dict[str, Any]:
    """Return the setting LOGGING."""
    quiet = ("django.server", "axes", "stripe", "botocore")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter, "is_plain": is_plain}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {name: {"level": "WARNING"} for name in quiet},
    }


def formatter(*, is_plain: bool) -> logging.Formatter:
    """Return the formatter of every handler; extra fields given to a log call are kept."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=None),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if is_plain
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, without_query, *last, without_secrets],
    )


def without_query(_logger: Any, _method: str, record: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Of a request, which Django adds to its warnings, keep the method and the path."""
    request = record.get("request")
    if isinstance(request, HttpRequest):
        record["request"] = f"{request.method} {request.path}"
    return record


def without_secrets(_logger: Any, _method: str, line: Any) -> str:
    """Black out, in a line as it is written, what opens something."""
    for secret in SECRETS:
        line = secret.sub(r"\1…", line)
    return line
