"""A certificate that somebody gives: checked before the server starts with it, so that no browser has to complain."""

from __future__ import annotations

import contextlib
import ssl
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from meterbook.foundation.tls import files, handshake


class KeyDiffers(files.CertificateRefused):
    """The key was not made with the certificate."""


class ChainBroken(files.CertificateRefused):
    """One certificate of the chain was not issued by the next."""


class Ended(files.CertificateRefused):
    """A certificate of the chain has ended."""


class NotYet(files.CertificateRefused):
    """A certificate of the chain does not hold yet."""


class WrongUse(files.CertificateRefused):
    """The certificate was issued for another use than serving."""


class HandshakeFails(files.CertificateRefused):
    """No browser comes to terms with the certificate: its key is too small, or of a kind that nobody speaks."""


class NoNames(files.CertificateRefused):
    """The certificate names no host."""


def check(pair: files.Pair, *, at: datetime, host: str = "") -> files.Facts:
    """This will pass a certificate that holds now, whose key fits, whose chain is in order, and that names the host.

    :param host: the host of the public address; empty where there is none
    :raises files.CertificateRefused: otherwise
    """
    chain = files.read_chain(pair.certificate)
    key = files.read_key(pair.key)
    if _public(chain[0]) != key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    ):
        raise KeyDiffers(
            f"The key {pair.key} does not belong to the certificate {pair.certificate}. Name the key that it was made"
            " with; the server's own certificate must come first in the file."
        )
    _require_order(chain, pair)
    for each in chain:
        _require_time(each, at)
    _require_use(chain[0], pair)
    found = files.facts(chain[0])
    if not found.names:
        raise NoNames(
            f"{pair.certificate} names no host (subject alternative names), so no browser takes it. Ask for a new one."
        )
    try:
        handshake.attempt(pair)
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise HandshakeFails(
            f"No browser could connect with {pair.certificate} and its key ({reason}). Take an RSA key of 2048 bits or"
            " more, or an EC key of the curve P-256 or P-384, and ask for a new certificate."
        ) from error
    if host and not files.covers(found.names, host):
        raise files.CertificateRefused(
            f"{pair.certificate} holds for {', '.join(found.names)}, but the public address names {host}. Change"
            " MB_PUBLIC_ADDRESS, or ask for a certificate with that name."
        )
    return found


def _require_use(certificate: x509.Certificate, pair: files.Pair) -> None:
    """What browsers ask of a server's certificate (RFC 5280, 4.2.1.3 and 4.2.1.12), where it says for what it is."""
    extensions = certificate.extensions
    is_for_servers = can_sign = True
    with contextlib.suppress(x509.ExtensionNotFound):
        uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        is_for_servers = any(
            each in uses for each in (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
        )
    with contextlib.suppress(x509.ExtensionNotFound):
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        can_sign = usage.digital_signature
    if not is_for_servers or not can_sign:
        raise WrongUse(
            f"{pair.certificate} was not issued for a server (key usage digitalSignature, extended key usage"
            " serverAuth), so browsers refuse it. Ask for one for a web server."
        )


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _require_order(chain: list[x509.Certificate], pair: files.Pair) -> None:
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise ChainBroken(
                f"The chain in {pair.certificate} is broken: “{lower.subject.rfc4514_string()}” was not issued by"
                f" “{upper.subject.rfc4514_string()}”. Put the server's certificate first, then each issuer in turn."
            ) from error


def _require_time(certificate: x509.Certificate, at: datetime) -> None:
    name = certificate.subject.rfc4514_string()
    if certificate.not_valid_after_utc <= at:
        raise Ended(f"The certificate of “{name}” ended on {certificate.not_valid_after_utc:%Y-%m-%d}. Renew it.")
    if certificate.not_valid_before_utc > at:
        raise NotYet(
            f"The certificate of “{name}” holds only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC. Check"
            " the clock of this machine."
        )
