"""A configuration of a gateway has no place for a write, whoever signs it."""

from __future__ import annotations

from typing import Any

import pytest

from meterbook.acquisition.library import documents
from meterbook.acquisition.push import configuration, signing

SECRET = bytes(range(32))
GATEWAY = "0b6c7f1e-6f0c-4c3e-9a61-2f0f5a0d9b11"
MODEL = (documents.MODELS / "eastron_sdm630.yaml").read_text(encoding="utf-8")


def content(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    registers = [{"code": "energy_import", "step": 15}]
    fields = {"meter": "A-17", "unit_id": 7, "model": "eastron_sdm630", "byte_order": "", "live_seconds": 10}
    device = {"id": "d", **fields, "registers": registers}
    line = {"baud": 9600, "parity": "N", "stop_bits": 1, "pause_ms": 0}
    where = {"protocol": "MODBUS_TCP", "host": "192.168.10.4", "port": 502, "timeout_ms": 1000, "retries": 2}
    bus = {"id": "b", **where, "line": line, "devices": [{**device, **more.pop("device", {})}]}
    return {
        "gateway": GATEWAY,
        "number": 3,
        "buses": [{**bus, **more.pop("bus", {})}],
        "models": {"eastron_sdm630": MODEL},
        **more,
    }


def read(given: dict[str, Any], *, number: int = 0, gateway: str = GATEWAY) -> configuration.Configuration:
    text = configuration.write(given)
    signature = configuration.sign(SECRET, text)
    key = signing.public_half(SECRET)
    return configuration.read(text, signature, server_key=key, gateway=gateway, number=number)


@pytest.mark.spec("X-09/1")
class TestConfiguration:
    def test_is_read_as_it_was_written(self) -> None:
        found = read(content())

        assert found.number == 3
        assert found.buses[0].devices[0].registers == {"energy_import": 15}

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            (content(writes=[{"register": 10}]), "writes"),
            (content(bus={"write_registers": []}), "write_registers"),
            (content(device={"command": {"function": 6}}), "command"),
            (content(device={"registers": [{"code": "energy_import", "step": 15, "value": 1}]}), "value"),
            (content(models={"eastron_sdm630": MODEL.replace("function: 4", "function: 16", 1)}), "function"),
            (content(models={}), "not in the configuration"),
            (content(models={"eastron_sdm630": "code: x"}), "."),
            (content(gateway="another"), "another gateway"),
        ],
        ids=["writes", "registers", "command", "value", "function", "no-model", "broken-model", "foreign"],
    )
    def test_that_names_a_write_or_anything_unknown_is_refused(self, given: dict[str, Any], words: str) -> None:
        with pytest.raises(configuration.ConfigurationRefused, match=words):
            read(given)

    def test_that_is_older_or_not_the_servers_is_refused(self) -> None:
        text = configuration.write(content())
        signature = configuration.sign(bytes(32), text)

        with pytest.raises(configuration.ConfigurationRefused, match="older"):
            read(content(), number=4)
        with pytest.raises(configuration.ConfigurationRefused, match="signed"):
            configuration.read(text, signature, server_key=signing.public_half(SECRET), gateway=GATEWAY)
