"""`meterbook web`: the web server alone."""

from __future__ import annotations

import argparse
import os
import socket
from typing import TYPE_CHECKING

from meterbook.cli import bind, https

if TYPE_CHECKING:
    import uvicorn

# Streams of open pages would otherwise hold the end up; browsers connect again by themselves.
GRACE_SECONDS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    bind.add_arguments(parser)
    https.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """This will serve pages until SIGINT or SIGTERM.

    :raises https.HalfGiven: when a certificate is named without its key
    :raises meterbook.foundation.tls.files.CertificateRefused: when it cannot be used
    """
    import uvicorn

    host, port = bind.chosen(options, os.environ)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbook.config.settings")
    is_https = https.is_wanted(options, os.environ)
    if is_https:
        os.environ[https.SWITCH] = "1"  # the settings read it
    config = uvicorn.Config(
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
    server = _secure(config, host, port) if is_https else uvicorn.Server(config)
    server.run()
    return 0 if server.started else 1


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    return made


def _secure(config: uvicorn.Config, host: str, port: int) -> uvicorn.Server:
    from meterbook.cli import secure_web
    from meterbook.foundation.server import connections
    from meterbook.foundation.tls import authority
    from meterbook.kernel import clock

    data_dir = connections.data_dir(os.environ)
    listeners = [_listen(host, each) for each in dict.fromkeys((port, *bind.second_port(os.environ)))]
    return secure_web.Server(
        config,
        listeners=listeners,
        certificate=lambda: https.ready(data_dir, host, environ=os.environ, at=clock.real_now()),
        root=authority.root_path(data_dir) if https.given_pair(os.environ) is None else None,
    )
