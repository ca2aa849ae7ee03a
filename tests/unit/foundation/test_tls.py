"""Certificates of our own, and the check of those that somebody gives."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meterbook.foundation.tls import authority, files, given, hosts

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
NAMES = ("meters.example", "192.0.2.10", "2001:db8::10")


def made(folder: Path, names: tuple[str, ...] = NAMES, at: datetime = AT) -> files.Facts:
    pair = authority.ensure(folder, names, at=at)
    return files.facts(files.read_chain(pair.certificate)[0])


class TestAuthority:
    @pytest.mark.spec("X-22")
    def test_vouches_for_names_and_addresses_with_a_key_that_only_its_owner_reads(self, tmp_path: Path) -> None:
        facts = made(tmp_path)

        leaf, root = files.read_chain(authority.pair(tmp_path).certificate)
        assert facts.names == NAMES
        assert timedelta(0) < facts.ends_at - facts.starts_at <= timedelta(days=398)
        leaf.verify_directly_issued_by(root)
        assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        keys = sorted((tmp_path / "tls").glob("*.key"))
        assert [each.stat().st_mode & 0o777 for each in keys] == [0o600, 0o600]
        assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700

    def test_keeps_its_certificate_until_shortly_before_the_end(self, tmp_path: Path) -> None:
        first = made(tmp_path)

        kept = made(tmp_path, at=first.ends_at - authority.RENEW_BEFORE - timedelta(hours=1))
        renewed = made(tmp_path, at=first.ends_at - authority.RENEW_BEFORE)

        assert kept.fingerprint == first.fingerprint
        assert renewed.ends_at > first.ends_at
        assert renewed.issuer == first.issuer

    def test_makes_a_new_certificate_for_a_new_name_below_the_same_root(self, tmp_path: Path) -> None:
        first = made(tmp_path)
        root = authority.root_path(tmp_path).read_bytes()

        second = made(tmp_path, (*NAMES, "cellar.local"))

        assert second.fingerprint != first.fingerprint
        assert "cellar.local" in second.names
        assert authority.root_path(tmp_path).read_bytes() == root

    def test_is_made_anew_when_it_would_end_before_its_certificate(self, tmp_path: Path) -> None:
        made(tmp_path)
        root = authority.root_path(tmp_path).read_bytes()

        made(tmp_path, at=AT + authority.AUTHORITY_LASTS - authority.SERVER_LASTS)

        assert authority.root_path(tmp_path).read_bytes() != root

    def test_makes_a_new_certificate_when_the_files_belong_to_another_authority(self, tmp_path: Path) -> None:
        made(tmp_path / "a")
        other = made(tmp_path / "b")
        shutil.copy(authority.pair(tmp_path / "b").certificate, authority.pair(tmp_path / "a").certificate)

        assert made(tmp_path / "a").fingerprint != other.fingerprint


class TestGiven:
    def test_passes_a_certificate_that_holds(self, tmp_path: Path) -> None:
        pair = authority.ensure(tmp_path, NAMES, at=AT)

        assert given.check(pair, at=AT, host="meters.example").names == NAMES

    @pytest.mark.parametrize(
        ("case", "words"),
        [
            ("foreign key", "does not belong to the certificate"),
            ("ended", "ended on 2027-04-01. Renew it."),
            ("not yet", "Check the clock of this machine"),
            ("other name", "holds for meters.example, 192.0.2.10"),
            ("broken chain", "was not issued by"),
            ("no file", "cannot be read: No such file"),
            ("no certificate", "holds no certificate"),
            ("no key", "holds no private key"),
        ],
    )
    def test_refuses_what_browsers_would_refuse_and_says_what_to_do(
        self, tmp_path: Path, case: str, words: str
    ) -> None:
        pair = authority.ensure(tmp_path / "a", NAMES, at=AT)
        other = authority.ensure(tmp_path / "b", NAMES, at=AT)
        at, host = AT, "meters.example"
        if case == "foreign key":
            pair = files.Pair(pair.certificate, other.key)
        elif case == "ended":
            at += timedelta(days=400)
        elif case == "not yet":
            at -= timedelta(days=2)
        elif case == "other name":
            host = "water.example"
        elif case == "broken chain":
            first = pair.certificate.read_bytes().partition(b"-----END CERTIFICATE-----\n")
            pair.certificate.write_bytes(first[0] + first[1] + authority.root_path(tmp_path / "b").read_bytes())
        elif case == "no file":
            pair = files.Pair(tmp_path / "none.crt", pair.key)
        elif case == "no certificate":
            pair.certificate.write_text("none")
        elif case == "no key":
            pair.key.write_text("none")

        with pytest.raises(files.CertificateRefused, match=words):
            given.check(pair, at=at, host=host)

    def test_refuses_a_key_behind_a_password(self, tmp_path: Path) -> None:
        pair = authority.ensure(tmp_path, NAMES, at=AT)
        pair.key.write_bytes(
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"secret"),
            )
        )

        with pytest.raises(files.CertificateRefused, match="is encrypted"):
            given.check(pair, at=AT)


def issued(folder: Path, key: Any, *extensions: x509.ExtensionType) -> files.Pair:  # noqa: ANN401 - RSA or EC
    """A certificate of its own making with extensions as they come."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "meters.example")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(AT).not_valid_after(AT + timedelta(days=90))
    for each in (x509.SubjectAlternativeName([x509.DNSName("meters.example")]), *extensions):
        made = made.add_extension(each, critical=False)
    pair = files.Pair(folder / "crt", folder / "key")
    pair.certificate.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    pair.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pair


SERVING, ANY = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE


class TestUse:
    @pytest.mark.parametrize(
        "make",
        [
            pytest.param(
                lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505 - refused
                id="RSA 1024",
            ),
            pytest.param(lambda: ec.generate_private_key(ec.SECP256K1()), id="curve that no browser speaks"),
        ],
    )
    def test_refuses_a_key_with_which_no_browser_comes_to_terms(self, tmp_path: Path, make: Any) -> None:  # noqa: ANN401
        with pytest.raises(given.HandshakeFails, match="No browser could connect"):
            given.check(issued(tmp_path, make()), at=AT)

    def test_refuses_a_certificate_for_another_use(self, tmp_path: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        signing = x509.KeyUsage(*[False] * 5, True, *[False] * 3)

        for use in (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), signing):
            with pytest.raises(given.WrongUse, match="not issued for a server"):
                given.check(issued(tmp_path, key, use), at=AT)

    def test_passes_the_usual_ones(self, tmp_path: Path) -> None:
        small, large = ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)

        for key, uses in ((small, [SERVING]), (large, [ANY]), (large, [ExtendedKeyUsageOID.CLIENT_AUTH, SERVING])):
            pair = issued(tmp_path, key, x509.ExtendedKeyUsage(uses))
            assert given.check(pair, at=AT).names == ("meters.example",)


class TestNames:
    @pytest.mark.parametrize(
        ("held", "host", "is_covered"),
        [
            ("*.harbor.example", "meters.harbor.example", True),
            ("*.harbor.example", "a.meters.harbor.example", False),
            ("*.harbor.example", "harbor.example", False),
            ("METERS.example", "meters.example", True),
            ("192.0.2.10", "192.0.2.10", True),
            ("192.0.2.10", "192.0.2.11", False),
        ],
    )
    def test_are_compared_as_browsers_do(self, held: str, host: str, is_covered: bool) -> None:
        assert files.covers((held,), host) is is_covered

    def test_of_a_certificate_hold_the_public_address_and_what_is_listed(self) -> None:
        environ = {
            "MB_PUBLIC_ADDRESS": "https://Meters.example:8443",
            "MB_ALLOWED_HOSTS": "[2001:db8::1],.harbor.example,*",
        }

        found = hosts.for_certificate(hosts.EVERYWHERE[0], environ)

        assert found[:3] == ("meters.example", "2001:db8::1", "harbor.example")
        assert "*" not in found
        assert {"localhost", "127.0.0.1", "::1"} <= set(found)
