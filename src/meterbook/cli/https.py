"""Whether HTTPS is served, and with which certificate: what the start says, else what was chosen on the page.

Where others than this machine reach the server and nobody chose, it encrypts with an authority of its own (X-22).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from meterbook.foundation.server import errors
from meterbook.foundation.tls import authority, choice, files, given, hosts

SWITCH, CERTIFICATE, KEY = "MB_HTTPS", "MB_TLS_CERTIFICATE", "MB_TLS_KEY"
BY_PAGE = "MB_HTTPS_BY_PAGE"  # set by `serve`: the page may choose
PROXIES = "MB_TRUSTED_PROXIES"

log = logging.getLogger(__name__)


class HalfGiven(errors.ServerError):
    """A certificate needs its key: set MB_TLS_CERTIFICATE and MB_TLS_KEY, or neither."""

    code = "CERTIFICATE_HALF_GIVEN"


@dataclass(frozen=True)
class Plan:
    """How a start will serve. `is_fixed`: the start says so, not the page; `names`: those of the page's certificate."""

    is_https: bool
    is_fixed: bool
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def environ(self) -> dict[str, str]:
        """This will return what the web process is told."""
        return {SWITCH: "1" if self.is_https else "0", BY_PAGE: "" if self.is_fixed else "1"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare --https and --insecure."""
    either = parser.add_mutually_exclusive_group()
    text = f"encrypt (default: {SWITCH}); with an own authority, or the files of {CERTIFICATE} and {KEY}"
    either.add_argument("--https", action="store_true", help=text)
    either.add_argument("--insecure", action="store_true", help=f"do not encrypt, wherever it listens ({SWITCH}=0)")


def is_wanted(options: argparse.Namespace, environ: Mapping[str, str]) -> bool:
    """This will tell whether the web server shall speak HTTPS."""
    return not options.insecure and (bool(options.https) or environ.get(SWITCH, "") == "1")


def plan(options: argparse.Namespace, environ: Mapping[str, str], *, data_dir: Path, host: str, at: datetime) -> Plan:
    """This will say how to serve: as the start says, else as the page says, else encrypted where others reach it.

    :param host: the address that the web server listens at
    :raises HalfGiven: when a certificate is named without its key, or the other way round
    """
    if options.insecure or options.https or environ.get(SWITCH, "") in {"0", "1"}:
        return Plan(is_wanted(options, environ), is_fixed=True)
    if given_pair(environ) is not None:
        return Plan(is_https=True, is_fixed=True)
    chosen = choice.read(data_dir)
    if chosen is choice.Mode.GIVEN:
        try:
            return Plan(is_https=True, is_fixed=False, names=choice.facts(data_dir, at=at).names)
        except files.CertificateRefused as error:
            text = "The certificate that was given on the page cannot be used; Meterbook's own one takes its place."
            return Plan(is_https=True, is_fixed=False, notes=(f"{text} {error}",))
    if chosen is not None:
        return Plan(chosen is choice.Mode.OWN, is_fixed=False)
    if hosts.is_loopback(host) or environ.get(PROXIES, "0") not in {"", "0"}:
        return Plan(is_https=False, is_fixed=False)
    text = (
        "Others can reach this address, so it is encrypted. --insecure (or MB_HTTPS=0) leaves that out;"
        " MB_TRUSTED_PROXIES=1 says that a proxy encrypts."
    )
    return Plan(is_https=True, is_fixed=False, notes=(text,))


def guide(data_dir: Path, address: str) -> str:
    """This will say how browsers come to trust our own authority; empty without one."""
    try:
        root = files.facts(files.read_chain(authority.root_path(data_dir))[0])
    except files.CertificateRefused:
        return ""
    return (
        "Browsers warn until the device trusts this installation's authority: Settings > Encryption shows the steps and"
        f" a code for phones; its certificate is at {address}/authority.crt.\nIts fingerprint (SHA-256):"
        f" {root.fingerprint}"
    )


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

    One that was given on the page and does not hold any more is replaced by our own, so that nobody is locked out.

    :param host: the address that the web server listens at
    :raises HalfGiven: when only one of the two is named
    :raises files.CertificateRefused: when the given ones cannot be used
    """
    pair = given_pair(environ)
    if pair is None and environ.get(BY_PAGE) == "1" and choice.read(data_dir) is choice.Mode.GIVEN:
        try:
            choice.facts(data_dir, at=at)
        except files.CertificateRefused as error:
            log.warning("The certificate that was given on the page cannot be used: %s", error)
        else:
            return choice.pair(data_dir)
    if pair is None:
        return authority.ensure(data_dir, hosts.for_certificate(host, environ), at=at)
    given.check(pair, at=at, host=public_host(environ))
    return pair


def public_host(environ: Mapping[str, str]) -> str:
    """This will return the host of MB_PUBLIC_ADDRESS; empty without one."""
    return urlsplit(environ.get("MB_PUBLIC_ADDRESS", "")).hostname or ""
