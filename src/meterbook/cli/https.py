"""Whether HTTPS is served, and with which certificate: from --https and the environment."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from meterbook.foundation.server import errors
from meterbook.foundation.tls import authority, files, given, hosts

SWITCH, CERTIFICATE, KEY = "MB_HTTPS", "MB_TLS_CERTIFICATE", "MB_TLS_KEY"


class HalfGiven(errors.ServerError):
    """A certificate needs its key: set MB_TLS_CERTIFICATE and MB_TLS_KEY, or neither."""

    code = "CERTIFICATE_HALF_GIVEN"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare --https."""
    text = f"encrypt (default: {SWITCH}); with an own authority, or the files of {CERTIFICATE} and {KEY}"
    parser.add_argument("--https", action="store_true", help=text)


def is_wanted(options: argparse.Namespace, environ: Mapping[str, str]) -> bool:
    """This will tell whether the web server shall speak HTTPS."""
    return bool(options.https) or environ.get(SWITCH, "") == "1"


def given_pair(environ: Mapping[str, str]) -> files.Pair | None:
    """This will return the certificate and key that somebody gave; None: our own authority makes them.

    :raises HalfGiven: when only one of the two is named
    """
    certificate, key = environ.get(CERTIFICATE, ""), environ.get(KEY, "")
    if bool(certificate) != bool(key):
        raise HalfGiven(HalfGiven.__doc__)
    return files.Pair(Path(certificate), Path(key)) if certificate else None


def ready(data_dir: Path, host: str, *, environ: Mapping[str, str], at: datetime) -> files.Pair:
    """This will return a certificate and key that hold now: the given ones, checked, or our own, renewed in time.

    :param host: the address that the web server listens at
    :raises HalfGiven: when only one of the two is named
    :raises files.CertificateRefused: when the given ones cannot be used
    """
    pair = given_pair(environ)
    if pair is None:
        return authority.ensure(data_dir, hosts.for_certificate(host, environ), at=at)
    given.check(pair, at=at, host=public_host(environ))
    return pair


def public_host(environ: Mapping[str, str]) -> str:
    """This will return the host of MB_PUBLIC_ADDRESS; empty without one."""
    return urlsplit(environ.get("MB_PUBLIC_ADDRESS", "")).hostname or ""
