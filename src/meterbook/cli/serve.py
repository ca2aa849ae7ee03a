"""`meterbook serve`: everything on one machine."""

from __future__ import annotations

import argparse
import os

from meterbook.cli import bind, demo_folder, https, machine, surroundings
from meterbook.foundation.server import connections
from meterbook.kernel import clock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    bind.add_arguments(parser)
    https.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """This will run database, web, worker and collector until SIGINT or SIGTERM.

    :raises demo_folder.IsDemo: when the data folder belongs to a demonstration
    :raises bind.NetworksUnreadable: when MB_ALLOWED_NETWORKS is no list of networks
    :raises meterbook.foundation.tls.files.CertificateRefused: when a given certificate cannot be used
    """
    data_dir = connections.data_dir(os.environ)
    demo_folder.refuse_demo(data_dir)
    bind.require_networks(os.environ)
    host, port = bind.chosen(options, os.environ)
    may_stay_root = os.environ.get(surroundings.RUN_AS_ROOT) == "1"
    is_https = https.is_wanted(options, os.environ)
    environ = {**os.environ, https.SWITCH: "1"} if is_https else os.environ
    if is_https:
        _require_certificate()
        bind.second_port(os.environ)
    return machine.run(machine.Machine(data_dir, host, port, environ, may_stay_root=may_stay_root, is_https=is_https))


def _require_certificate() -> None:
    """Who starts must see what is wrong with a given certificate, and not the web process alone."""
    from meterbook.foundation.tls import given

    pair = https.given_pair(os.environ)
    if pair is not None:
        given.check(pair, at=clock.real_now(), host=https.public_host(os.environ))
