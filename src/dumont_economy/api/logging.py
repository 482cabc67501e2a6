"""The server's log: one line of JSON for each thing worth knowing, on standard error."""

import sys

import structlog


def configure_logging() -> None:
    """Write log lines as JSON; a trace names code and lines, never the values in them."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
