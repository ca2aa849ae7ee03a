"""Certificates that sign PDF files, and signatures by them (`pades`). Pure: nothing is read or kept here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from django.utils.translation import gettext as _

YEARS, EARLIER = timedelta(days=3_652), timedelta(days=1)
NAME_LENGTH = 64  # of a common name (X.520)
LEAST_RSA = 2_048
MOST_CERTIFICATES = 8
CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class CertificateRefused(ValueError):
    """The files are no certificate that can sign; the message says why, and what to take instead."""


@dataclass(frozen=True)
class Credential:
    """A certificate with its key; `chain` in PEM, the signer's own first, `key` as PKCS#8 in PEM."""

    chain: str
    key: str

    @property
    def certificate(self) -> x509.Certificate:
        """This will return the signer's own certificate."""
        return x509.load_pem_x509_certificates(self.chain.encode())[0]

    @property
    def is_self_signed(self) -> bool:
        """This will tell whether nobody else vouches for it."""
        own = self.certificate
        return own.subject == own.issuer


def make_self_signed(name: str, *, at: datetime) -> Credential:
    """This will make a key on the curve P-256 and a certificate of ten years that nobody but itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, (name.strip() or "Meterbook")[:NAME_LENGTH]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Self-signed by Meterbook"),
        ]
    )
    use = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - EARLIER)
        .not_valid_after(at + YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(use, critical=True)
        .sign(key, hashes.SHA256())
    )
    return _credential(key, [made])


def read_pkcs12(content: bytes, password: str, *, at: datetime) -> Credential:
    """This will read a certificate with its key and chain from a PKCS#12 file (.p12, .pfx).

    :raises CertificateRefused: when it cannot be opened, or cannot sign at `at`
    """
    try:
        key, own, others = pkcs12.load_key_and_certificates(content, password.encode() if password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateRefused(_("The file cannot be opened. Is the password right, and is it PKCS#12?")) from error
    if own is None or key is None:
        raise CertificateRefused(_("The file holds no certificate with its private key. Export both together."))
    return _checked(key, [own, *others], at)


def read_pem(chain: bytes, key: bytes, password: str, *, at: datetime) -> Credential:
    """This will read certificates and a private key in PEM; they may lie in one file.

    :raises CertificateRefused: when something is missing, or cannot sign at `at`
    """
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError as error:
        raise CertificateRefused(_("There is no certificate in PEM form in the file.")) from error
    try:
        private = serialization.load_pem_private_key(key, password.encode() if password else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateRefused(
            _("The private key cannot be read. Is it in PEM form, and the password right?")
        ) from error
    return _checked(private, certificates, at)


def sign(pdf: bytes, credential: Credential, *, reason: str, at: datetime) -> bytes:
    """This will add an invisible signature over the whole file; another byte anywhere makes it invalid.

    About 15 ms of one core with P-256. Signatures differ each time: keep the file that was signed.
    """
    from meterbook.documents import pades  # its library takes long to load, and only what signs needs it

    return pades.sign(pdf, _ders(credential), _key_der(credential), reason=reason, at=at)


def _checked(key: object, certificates: list[x509.Certificate], at: datetime) -> Credential:
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise CertificateRefused(_("Only keys of RSA and of the curves P-256, P-384 and P-521 are taken."))
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < LEAST_RSA:
        raise CertificateRefused(_("The RSA key is shorter than 2048 bits. Ask for a new certificate."))
    if isinstance(key, ec.EllipticCurvePrivateKey) and not isinstance(key.curve, CURVES):
        raise CertificateRefused(_("Only keys of RSA and of the curves P-256, P-384 and P-521 are taken."))
    own = next((each for each in certificates if _public(each) == _spki(key)), None)
    if own is None:
        raise CertificateRefused(_("The private key does not belong to the certificate."))
    if not own.not_valid_before_utc <= at < own.not_valid_after_utc:
        raise CertificateRefused(_("The certificate is not valid today. Take one that is."))
    _require_signing(own)
    others = [each for each in certificates if each != own]
    return _credential(key, [own, *others][:MOST_CERTIFICATES])


def _require_signing(own: x509.Certificate) -> None:
    try:
        use = own.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (use.digital_signature or use.content_commitment):
        raise CertificateRefused(_("The certificate may not sign. Ask for one with the use “digital signature”."))


def _credential(key: PrivateKey, certificates: list[x509.Certificate]) -> Credential:
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in certificates)
    return Credential(chain.decode("ascii"), encoded.decode("ascii"))


def _ders(credential: Credential) -> list[bytes]:
    found = x509.load_pem_x509_certificates(credential.chain.encode())
    return [each.public_bytes(serialization.Encoding.DER) for each in found]


def _key_der(credential: Credential) -> bytes:
    key = serialization.load_pem_private_key(credential.key.encode(), None)
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _spki(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
