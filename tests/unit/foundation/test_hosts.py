"""What people type as the host of a gateway or a mail server."""

from __future__ import annotations

import pytest

from meterbook.foundation.tls import hosts

GIVEN = {
    " 192.168.10.4 ": "192.168.10.4",
    "Gateway-2.Example.com": "gateway-2.example.com",
    "smtp_relay": "smtp_relay",
    "[::1]": "::1",
    "::1": "::1",
    "2001:DB8:0::5": "2001:db8::5",
    "::ffff:127.0.0.1": "::ffff:7f00:1",
    "xn--zhler-fra.example": "xn--zhler-fra.example",
}
REFUSED = {
    "empty": "",
    "brackets": "[]",
    "number below zero": "-1",
    "direction": "gate\u202eway",
    "URL": "http://192.168.10.4",
    "port": "192.168.10.4:502",
    "port of a name": "gateway:502",
    "space": "my gateway",
    "bracketed IPv4": "[192.168.10.4]",
    "short IPv4": "127.1",
    "number": "2130706433",
    "hexadecimal": "0x7f000001",
    "beyond a byte": "192.168.10.400",
    "zone": "fe80::1%eth0",
    "dots": "a..b",
    "dot at the end": "gateway.",
    "fullwidth": "\uff11\uff19\uff12.168.10.4",
    "letters of others": "zähler.example",
    "long": "a" * 254,
    "long label": "a" * 64 + ".example",
    "user": "a@b",
    "NUL": "gate\x00way",
}


@pytest.mark.parametrize("text", GIVEN)
def test_reads_names_and_addresses(text: str) -> None:
    assert hosts.read(text) == GIVEN[text]


@pytest.mark.parametrize("case", REFUSED)
def test_refuses_what_is_neither(case: str) -> None:
    assert hosts.read(REFUSED[case]) is None
