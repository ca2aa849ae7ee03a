"""The address to listen at: options, else MB_BIND, else 127.0.0.1:8000."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from meterbook.foundation.server import errors

HOST, PORT = "127.0.0.1", 8000
SECOND_PORT = "MB_HTTP_PORT"
LAST_PORT, LONGEST_PORT = 65_535, 5


class NetworksUnreadable(errors.ServerError):
    """MB_ALLOWED_NETWORKS holds networks separated by commas, such as 192.168.10.0/24,10.4.0.0/16."""

    code = "NETWORKS_UNREADABLE"


class BreachedUnreadable(errors.ServerError):
    """MB_BREACHED_PASSWORDS names a list of SHA-1 hashes of passwords, ordered by hash."""

    code = "BREACHED_UNREADABLE"


class AddressUnreadable(errors.ServerError):
    """MB_BIND is not an address such as 127.0.0.1:8000."""

    code = "ADDRESS_UNREADABLE"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare --host and --port."""
    parser.add_argument("--host", help=f"the address to listen at (default: MB_BIND, else {HOST}: this machine only)")
    parser.add_argument("--port", type=port, help=f"the port to listen at (default: MB_BIND, else {PORT})")


def port(text: str) -> int:
    """This will read a port for argparse.

    :raises argparse.ArgumentTypeError: when it is none
    """
    if not (text.isascii() and text.isdigit()) or len(text) > LONGEST_PORT or not 1 <= int(text) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text}: write a port from 1 to {LAST_PORT}")
    return int(text)


def chosen(options: argparse.Namespace, environ: Mapping[str, str]) -> tuple[str, int]:
    """This will return host and port.

    :raises AddressUnreadable: when MB_BIND is no address
    """
    host, _, number = environ.get("MB_BIND", f"{HOST}:{PORT}").rpartition(":")
    if not number.isdigit() or len(number) > LONGEST_PORT or int(number) > LAST_PORT:
        raise AddressUnreadable(f"MB_BIND={environ['MB_BIND']}: {AddressUnreadable.__doc__}")
    return options.host or host.strip("[]") or HOST, int(number) if options.port is None else options.port


def second_port(environ: Mapping[str, str]) -> tuple[int, ...]:
    """This will return the further port at which a server with HTTPS sends people to it, such as 80; mostly none.

    :raises AddressUnreadable: when MB_HTTP_PORT is no port
    """
    given = environ.get(SECOND_PORT, "")
    try:
        return (port(given),) if given else ()
    except argparse.ArgumentTypeError as error:
        raise AddressUnreadable(f"{SECOND_PORT}={error}.") from error


def require_networks(environ: Mapping[str, str]) -> None:
    """This will pass when MB_ALLOWED_NETWORKS can be read: who starts must see that mistake, and not the collector.

    :raises NetworksUnreadable: when one of them is no network
    """
    from meterbook.acquisition import networks

    try:
        networks.AllowedNetworks.from_environment(environ, is_demo=False)
    except networks.NetworksMisspelled as error:
        raise NetworksUnreadable(f"{networks.VARIABLE}={environ[networks.VARIABLE]}: {error}") from error


def require_breached(environ: Mapping[str, str]) -> None:
    """This will pass when the list of breached passwords can be asked, or none is named: who starts must see it.

    :raises BreachedUnreadable: otherwise
    """
    from meterbook.identity import breached

    path = environ.get(breached.VARIABLE, "")
    if not path:
        return
    try:
        breached.check(Path(path))
    except breached.ListUnusable as error:
        raise BreachedUnreadable(str(error)) from error
