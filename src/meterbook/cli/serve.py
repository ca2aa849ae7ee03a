"""`meterbook serve`: everything on one machine."""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path

from meterbook.cli import bind, demo_folder, https, machine, surroundings
from meterbook.foundation.server import connections
from meterbook.foundation.tls import hosts
from meterbook.kernel import clock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    bind.add_arguments(parser)
    https.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """This will run database, web, worker and collector until SIGINT or SIGTERM.

    :raises demo_folder.IsDemo: when the data folder belongs to a demonstration
    :raises bind.NetworksUnreadable: when MB_ALLOWED_NETWORKS is no list of networks
    :raises bind.BreachedUnreadable: when MB_BREACHED_PASSWORDS names no list of them
    :raises meterbook.foundation.tls.files.CertificateRefused: when a given certificate cannot be used
    """
    data_dir = connections.data_dir(os.environ)
    demo_folder.refuse_demo(data_dir)
    bind.require_networks(os.environ)
    bind.require_breached(os.environ)
    host, port = bind.chosen(options, os.environ)
    may_stay_root = os.environ.get(surroundings.RUN_AS_ROOT) == "1"
    plan = https.plan(options, os.environ, data_dir=data_dir, host=host, at=clock.real_now())
    if plan.is_https:
        _require_certificate()
        bind.second_port(os.environ)
    return machine.run(
        machine.Machine(
            data_dir,
            host,
            port,
            {**os.environ, **plan.environ},
            may_stay_root=may_stay_root,
            is_https=plan.is_https,
            names=plan.names,
            notes=partial(_notes, plan, data_dir, machine.address(hosts.shown(host), port, scheme="http")),
        )
    )


def _notes(plan: https.Plan, data_dir: Path, address: str) -> str:
    """What the start says below its greeting: what was decided by itself, and how browsers come to trust it."""
    is_own = plan.is_https and not plan.names and https.given_pair(os.environ) is None
    found = [*plan.notes, https.guide(data_dir, address) if is_own else ""]
    return "".join(f"{each}\n" for each in found if each)


def _require_certificate() -> None:
    """Who starts must see what is wrong with a given certificate, and not the web process alone."""
    from meterbook.foundation.tls import given

    pair = https.given_pair(os.environ)
    if pair is not None:
        given.check(pair, at=clock.real_now(), host=https.public_host(os.environ))
