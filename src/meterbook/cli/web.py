"""`meterbook web`: the web server alone."""

from __future__ import annotations

import argparse
import os

from meterbook.cli import bind

# Streams of open pages would otherwise hold the end up; browsers connect again by themselves.
GRACE_SECONDS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    bind.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """This will serve pages until SIGINT or SIGTERM."""
    import uvicorn

    host, port = bind.chosen(options, os.environ)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbook.config.settings")
    server = uvicorn.Server(
        uvicorn.Config(
            "meterbook.config.asgi:application",
            host=host,
            port=port,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    server.run()
    return 0 if server.started else 1
