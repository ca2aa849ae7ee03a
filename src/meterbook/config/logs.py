"""Where every process writes what it has to say: to standard error, which a supervisor gathers; failures with stack.

Django calls `configure` for web, worker, collector and commands alike (`LOGGING_CONFIG`).
"""

from __future__ import annotations

import logging
import logging.config
import sys
from typing import Any

import structlog

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "meterbook.config.logs.Lines"}},
    "filters": {"short": {"()": "meterbook.config.logs.Short"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Django's own handlers show failures in debug mode only, and mail them otherwise.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        # "Not found" and other refusals are answers, not failures.
        "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
        # Whoever probes the server with names of others writes these lines.
        "django.security.DisallowedHost": {"filters": ["short"]},
        # Its lines hold whole addresses, and Telegram's hold the bot's token.
        "httpx": {"handlers": [], "level": "CRITICAL", "propagate": False},
        "httpcore": {"handlers": [], "level": "CRITICAL", "propagate": False},
        "telegram": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}


class Short(logging.Filter):
    """Lets one record in ten seconds through, without its stack; the next one says how many were left out."""

    EVERY_SECONDS = 10.0

    def __init__(self) -> None:
        super().__init__()
        self._next, self._left_out = 0.0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        """This will tell whether the record is written."""
        if record.created < self._next:
            self._left_out += 1
            return False
        line = record.getMessage().partition(" You may need")[0]
        record.msg, record.args = "%s (%s more were left out)", (line, self._left_out)
        record.exc_info = record.exc_text = None
        self._next, self._left_out = record.created + self.EVERY_SECONDS, 0
        return True


class Lines(logging.Formatter):
    """One line for each record, then the stack; a request that failed carries the id that its page shows."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """This will return the record's line."""
        line = super().formatMessage(record)
        # Set by the page of a failed request (web.errors), which shows it.
        error_id = getattr(getattr(record, "request", None), "error_id", "")
        return f"{line} [error {error_id}]" if error_id else line


def configure(settings: dict[str, Any]) -> None:
    """This will have the standard library's loggers and structlog write to standard error."""
    logging.config.dictConfig(settings)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        logger_factory=_to_standard_error,
    )


def _to_standard_error(*_names: object) -> structlog.PrintLogger:
    """Looked up at each use: a command or a test may have put another stream there."""
    return structlog.PrintLogger(sys.stderr)
