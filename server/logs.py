"""Log lines: one event, one line on stderr, as text for people or JSON for machines."""

import json
import logging
import sys
from datetime import UTC, datetime

from assayoffice.server.config import LogLevel


class LineFormatter(logging.Formatter):
    """Time, level, event, and the facts a record brings as ``extra={"facts": {...}}``."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts: dict[str, object] = {**getattr(record, "facts", {})}
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        event = record.getMessage()
        if self._as_json:
            line = {"time": time, "level": record.levelname, "event": event, **facts}
            return json.dumps(line, default=str)
        # Values in JSON, so that a newline in one cannot forge a line of its own.
        written = [f"{name}={json.dumps(value, default=str)}" for name, value in facts.items()]
        return " ".join([time, record.levelname, json.dumps(event)[1:-1], *written])


def set_up(level: LogLevel, *, as_json: bool) -> None:
    """Send the log of the whole process to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(as_json=as_json))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
