"""Connections go only where the platform's owner allowed them."""

from __future__ import annotations

import asyncio

import pytest

from meterbook.acquisition import networks
from meterbook.collector import hosts

OFFICE = networks.AllowedNetworks.from_environment(
    {"MB_ALLOWED_NETWORKS": "192.168.10.0/24, fd00:4::/64"}, is_demo=False
)
EVERYTHING = networks.AllowedNetworks.from_environment({"MB_ALLOWED_NETWORKS": "0.0.0.0/0,::/0"}, is_demo=False)
DEMO = networks.AllowedNetworks.from_environment({}, is_demo=True)


class TestAllowedNetworks:
    @pytest.mark.parametrize("address", ["192.168.10.1", "192.168.10.254", "fd00:4::9", "::ffff:192.168.10.7"])
    def test_pass_what_is_listed(self, address: str) -> None:
        OFFICE.check(address)

    @pytest.mark.parametrize("address", ["192.168.11.1", "8.8.8.8", "fd00:5::1"])
    def test_refuse_everything_else_and_say_what_to_do(self, address: str) -> None:
        with pytest.raises(networks.NetworkNotAllowed, match="MB_ALLOWED_NETWORKS"):
            OFFICE.check(address)

    @pytest.mark.parametrize(
        "address",
        ["127.0.0.1", "127.9.9.9", "::1", "169.254.169.254", "fe80::1%eth0", "::ffff:127.0.0.1", "224.0.0.1", "::"],
    )
    def test_refuse_the_host_itself_whatever_is_listed(self, address: str) -> None:
        with pytest.raises(networks.NetworkNotAllowed, match="Only a demo"):
            EVERYTHING.check(address)

    @pytest.mark.parametrize("address", ["192.168.10.1", "8.8.8.8", "169.254.1.1"])
    def test_keep_a_demo_on_its_machine(self, address: str) -> None:
        DEMO.check("127.0.0.1")
        with pytest.raises(networks.NetworkNotAllowed, match="A demo reaches simulated meters"):
            DEMO.check(address)

    def test_allow_nothing_when_nothing_is_listed(self) -> None:
        with pytest.raises(networks.NetworkNotAllowed):
            networks.AllowedNetworks.from_environment({}, is_demo=False).check("192.168.10.1")

    def test_refuse_a_list_that_cannot_be_read(self) -> None:
        with pytest.raises(networks.NetworksMisspelled, match="separated by commas"):
            networks.AllowedNetworks.from_environment({"MB_ALLOWED_NETWORKS": "office"}, is_demo=False)


class TestResolve:
    def test_checks_what_a_name_leads_to(self) -> None:
        with pytest.raises(hosts.HostRefused, match=r"localhost \("):
            asyncio.run(hosts.resolve("localhost", 502, OFFICE))

    def test_says_that_a_name_leads_nowhere(self) -> None:
        with pytest.raises(hosts.NameUnknown, match=r"no-such-gateway\.invalid cannot be resolved"):
            asyncio.run(hosts.resolve("no-such-gateway.invalid", 502, OFFICE))

    def test_returns_the_number_to_dial(self) -> None:
        assert asyncio.run(hosts.resolve("127.0.0.1", 502, DEMO)) == "127.0.0.1"
