"""`meterbook prepare`: what `serve` and `demo` run once before their processes start. Prints the greeting."""

from __future__ import annotations

import argparse
import sys

from meterbook.cli import loading


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.add_argument("--address", required=True)
    parser.add_argument("--demo-gateways", metavar="HOST:PORT,HOST:PORT")
    parser.add_argument("--demo-devices", metavar="HOST:PORT,HOST:PORT")


def run(options: argparse.Namespace) -> int:
    """This will migrate, make sure that somebody can sign in, fill a demonstration, and print how to sign in."""
    loading.load()
    from meterbook.cli import demo_gateways, greeting
    from meterbook.foundation import migrate

    migrate.run()
    if options.demo_gateways:
        gateways = demo_gateways.read(options.demo_gateways)
        devices = demo_gateways.read(options.demo_devices) if options.demo_devices else []
        sys.stdout.write(greeting.of_demo(options.address, gateways=gateways, devices=devices))
    else:
        sys.stdout.write(greeting.of_installation(options.address))
    return 0
