"""A certificate that somebody gives: checked before the server starts with it, so that no browser has to complain."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from meterbook.foundation.tls import files


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
        raise files.CertificateRefused(
            f"The key {pair.key} does not belong to the certificate {pair.certificate}. Name the key that it was made"
            " with; the server's own certificate must come first in the file."
        )
    _require_order(chain, pair)
    for each in chain:
        _require_time(each, at)
    found = files.facts(chain[0])
    if not found.names:
        raise files.CertificateRefused(
            f"{pair.certificate} names no host (subject alternative names), so no browser takes it. Ask for a new one."
        )
    if host and not files.covers(found.names, host):
        raise files.CertificateRefused(
            f"{pair.certificate} holds for {', '.join(found.names)}, but the public address names {host}. Change"
            " MB_PUBLIC_ADDRESS, or ask for a certificate with that name."
        )
    return found


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _require_order(chain: list[x509.Certificate], pair: files.Pair) -> None:
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise files.CertificateRefused(
                f"The chain in {pair.certificate} is broken: “{lower.subject.rfc4514_string()}” was not issued by"
                f" “{upper.subject.rfc4514_string()}”. Put the server's certificate first, then each issuer in turn."
            ) from error


def _require_time(certificate: x509.Certificate, at: datetime) -> None:
    name = certificate.subject.rfc4514_string()
    if certificate.not_valid_after_utc <= at:
        raise files.CertificateRefused(
            f"The certificate of “{name}” ended on {certificate.not_valid_after_utc:%Y-%m-%d}. Renew it."
        )
    if certificate.not_valid_before_utc > at:
        raise files.CertificateRefused(
            f"The certificate of “{name}” holds only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC. Check"
            " the clock of this machine."
        )
