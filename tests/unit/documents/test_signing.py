"""Certificates that are taken or refused, and what a signature holds together."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from meterbook.documents import signing
from tests.factories import documents

AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
PASSWORD = "quay"


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certified(key: object, *, ends_at: datetime = AT + timedelta(days=90), may_sign: bool = True) -> x509.Certificate:
    """A certificate by an authority of its own."""
    authority = ec.generate_private_key(ec.SECP256R1())
    use = x509.KeyUsage(may_sign, False, not may_sign, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(named("Harbor Row Utilities"))
        .issuer_name(named("Some Authority"))
        .public_key(key.public_key())  # type: ignore[attr-defined]
        .serial_number(4711)
        .not_valid_before(AT - timedelta(days=90))
        .not_valid_after(ends_at)
        .add_extension(use, critical=True)
        .sign(authority, hashes.SHA256())
    )


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def key_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    encryption = serialization.BestAvailableEncryption(PASSWORD.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def packed(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> bytes:
    encryption = serialization.BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"own", key, certificate, None, encryption)


def is_valid(pdf: bytes, certificate: x509.Certificate) -> bool:
    root = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    signature = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root], moment=AT))
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    return bool(status.bottom_line)


class TestOwnCertificate:
    def test_is_taken_from_pkcs12_and_signs(self) -> None:
        key = ec.generate_private_key(ec.SECP384R1())
        certificate = certified(key)

        credential = signing.read_pkcs12(packed(key, certificate), PASSWORD, at=AT)
        signed = signing.sign(documents.bill_pdf(), credential, reason="Bill issued", at=AT)

        assert not credential.is_self_signed
        assert is_valid(signed, certificate)
        assert not is_valid(signed.replace(b"/Type/Pages", b"/Type/PageS", 1), certificate)

    def test_is_taken_from_pem_with_its_chain_in_any_order(self) -> None:
        key = rsa.generate_private_key(65537, 2048)
        certificate, other = certified(key), certified(ec.generate_private_key(ec.SECP256R1()))

        credential = signing.read_pem(pem(other) + pem(certificate), key_pem(key), PASSWORD, at=AT)

        assert credential.certificate == certificate
        assert is_valid(signing.sign(documents.bill_pdf(), credential, reason="", at=AT), certificate)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"nothing of the kind", "cannot be opened"),
            (packed(_key := ec.generate_private_key(ec.SECP256R1()), certified(_key))[:-40], "cannot be opened"),
            (packed(_key, certified(_key, ends_at=AT - timedelta(days=1))), "not valid today"),
            (packed(_key, certified(_key, may_sign=False)), "may not sign"),
        ],
    )
    def test_is_refused_with_what_to_do(self, content: bytes, words: str) -> None:
        with pytest.raises(signing.CertificateRefused, match=words):
            signing.read_pkcs12(content, PASSWORD, at=AT)

    def test_is_refused_with_a_strange_or_weak_key(self) -> None:
        strange, weak = ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 1024)  # noqa: S505
        own = ec.generate_private_key(ec.SECP256R1())

        with pytest.raises(signing.CertificateRefused, match="curves"):
            signing.read_pem(pem(certified(own)), key_pem(strange), PASSWORD, at=AT)
        with pytest.raises(signing.CertificateRefused, match="2048"):
            signing.read_pem(pem(certified(own)), key_pem(weak), PASSWORD, at=AT)
        with pytest.raises(signing.CertificateRefused, match="belong"):
            signing.read_pem(pem(certified(own)), key_pem(ec.generate_private_key(ec.SECP256R1())), PASSWORD, at=AT)
        with pytest.raises(signing.CertificateRefused, match="password"):
            signing.read_pem(pem(certified(own)), key_pem(own), "wrong", at=AT)


class TestSelfSigned:
    def test_is_of_the_curve_and_named_as_such(self) -> None:
        credential = signing.make_self_signed("Harbor Row Utilities", at=AT)
        key = credential.certificate.public_key()

        assert credential.is_self_signed
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.curve.name == "secp256r1"
        assert "Self-signed by Meterbook" in credential.certificate.subject.rfc4514_string()
        assert is_valid(signing.sign(documents.bill_pdf(), credential, reason="", at=AT), credential.certificate)
