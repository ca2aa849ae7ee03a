"""Certificates and keys as files: read, written whole or not at all, and told in facts."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

from meterbook.foundation.server import errors

PRIVATE, PUBLIC = 0o600, 0o644


class CertificateRefused(errors.ServerError):
    """The certificate or its key cannot be used; the message says why and what to do."""

    code = "CERTIFICATE_REFUSED"


class NoCertificate(CertificateRefused):
    """The file holds no certificate in PEM form."""


class NoKey(CertificateRefused):
    """The file holds no private key in PEM form that can sign."""


class KeyEncrypted(CertificateRefused):
    """The key has a password."""


@dataclass(frozen=True)
class Pair:
    """The files that a TLS server needs: its certificate, with what vouches for it below, and its key."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Facts:
    """What a certificate says. `fingerprint` is the SHA-256 of it as pairs of hexadecimal digits."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    fingerprint: str


def read_chain(path: Path) -> list[x509.Certificate]:
    """This will read the certificates of a PEM file.

    :raises CertificateRefused: when it cannot be read or holds none
    """
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise CertificateRefused(f"{path} cannot be read: {error.strerror}. Correct MB_TLS_CERTIFICATE.") from error
    except ValueError as error:
        raise NoCertificate(
            f"{path} holds no certificate. It must be a PEM file that begins with -----BEGIN CERTIFICATE-----."
        ) from error


def read_key(path: Path) -> CertificateIssuerPrivateKeyTypes:
    """This will read a private key without a password.

    :raises CertificateRefused: when it cannot be read, or is encrypted
    """
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise CertificateRefused(f"{path} cannot be read: {error.strerror}. Correct MB_TLS_KEY.") from error
    except TypeError as error:
        raise KeyEncrypted(
            f"The key {path} is encrypted. Take the password off: `openssl pkey -in KEY -out NEW`."
        ) from error
    except ValueError as error:
        raise NoKey(f"{path} holds no private key in PEM form.") from error
    if not hasattr(found, "sign"):
        raise NoKey(f"{path} holds a key that cannot sign. Take an RSA or EC key.")
    return found  # type: ignore[return-value]  # what can sign can issue


def facts(certificate: x509.Certificate) -> Facts:
    """This will return what a certificate says."""
    digest = certificate.fingerprint(hashes.SHA256()).hex().upper()
    return Facts(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        names=names(certificate),
        starts_at=certificate.not_valid_before_utc,
        ends_at=certificate.not_valid_after_utc,
        fingerprint=":".join(digest[each : each + 2] for each in range(0, len(digest), 2)),
    )


def names(certificate: x509.Certificate) -> tuple[str, ...]:
    """This will return the names and addresses for which a certificate holds."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return (*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress)))


def covers(held: tuple[str, ...], host: str) -> bool:
    """This will tell whether a certificate with these names holds for a host (RFC 9525: "*" stands for one label)."""
    wanted = host.lower()
    try:
        wanted = str(ipaddress.ip_address(wanted))
    except ValueError:
        return any(
            each.lower() == wanted or (each.startswith("*.") and each[2:].lower() == wanted.partition(".")[2])
            for each in held
        )
    return wanted in held


def write(path: Path, content: bytes, mode: int) -> None:
    """This will write a file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
