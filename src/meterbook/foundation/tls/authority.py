"""An authority of the installation's own: made once, it vouches for a certificate that is renewed by itself.

Both lie in `tls` of the data folder. Devices that know the authority's certificate trust the server without a question;
its key never leaves the folder, and is not part of a backup.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meterbook.foundation.tls import files, hosts

FOLDER = "tls"
AUTHORITY, SERVER = "authority", "server"
AUTHORITY_LASTS = timedelta(days=3650)
# Phones refuse longer ones: https://support.apple.com/en-us/103769 (825 days) and what browsers ask of public ones.
SERVER_LASTS = timedelta(days=397)
RENEW_BEFORE = timedelta(days=60)
# Clocks of phones differ.
EARLIER = timedelta(days=1)
LONGEST_NAME = 64  # of a common name, X.520


def pair(data_dir: Path) -> files.Pair:
    """This will return where the server's certificate and key lie."""
    folder = data_dir / FOLDER
    return files.Pair(folder / f"{SERVER}.crt", folder / f"{SERVER}.key")


def root_path(data_dir: Path) -> Path:
    """This will return where the authority's certificate lies, which devices install."""
    return data_dir / FOLDER / f"{AUTHORITY}.crt"


def ensure(data_dir: Path, names: Sequence[str], *, at: datetime) -> files.Pair:
    """This will make authority and certificate where they are missing, and a new certificate when it is time.

    It is time 60 days before its end, and when one of the names is not in it. An authority that ends before its
    certificate would is made anew; devices must then install the new one.

    :param names: what the certificate shall hold for, the first one most of all
    """
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    root, root_key = _authority(folder, at)
    found = pair(data_dir)
    if not _is_good(found, root, names, at):
        key = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(key, root, root_key, names, at)
        files.write(found.key, _private(key), files.PRIVATE)
        files.write(found.certificate, made + _public(root), files.PUBLIC)
    return found


def _authority(folder: Path, at: datetime) -> tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes]:
    path, key_path = folder / f"{AUTHORITY}.crt", folder / f"{AUTHORITY}.key"
    if path.exists() and key_path.exists():
        found = files.read_chain(path)[0]
        if found.not_valid_after_utc > at + SERVER_LASTS:
            return found, files.read_key(key_path)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Meterbook"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Meterbook on {socket.gethostname()}"[:LONGEST_NAME]),
        ]
    )
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        _begun(name, name, key.public_key(), at, AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    files.write(key_path, _private(key), files.PRIVATE)
    files.write(path, _public(made), files.PUBLIC)
    return made, key


def _is_good(found: files.Pair, root: x509.Certificate, names: Sequence[str], at: datetime) -> bool:
    if not found.certificate.exists() or not found.key.exists():
        return False
    present = files.read_chain(found.certificate)[0]
    held = files.names(present)
    is_young = present.not_valid_after_utc - at > RENEW_BEFORE and present.not_valid_before_utc <= at
    return is_young and present.issuer == root.subject and _is_signed(present, root) and set(names) <= set(held)


def _is_signed(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _certificate(
    key: ec.EllipticCurvePrivateKey,
    root: x509.Certificate,
    root_key: CertificateIssuerPrivateKeyTypes,
    names: Sequence[str],
    at: datetime,
) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:LONGEST_NAME])])
    addresses = {each: hosts.as_address(each) for each in names}
    alternatives: list[x509.GeneralName] = [
        x509.DNSName(each) if address is None else x509.IPAddress(address) for each, address in addresses.items()
    ]
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    made = (
        _begun(subject, root.subject, key.public_key(), at, SERVER_LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return _public(made)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - EARLIER)
        .not_valid_after(at - EARLIER + lasts)
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
