"""`meterbook read` against a simulated gateway on a real socket."""

from __future__ import annotations

import argparse
import json
import socket
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial

import pytest

from meterbook.cli import read
from meterbook_lab.gateway_sim import SimulatedGateway
from tests.factories import lab

UNITS = {18: "eastron_sdm630", 2: "carlo_gavazzi_em24"}
START = {18: {"energy_import": Fraction("284309.21875")}, 2: {"energy_import": Fraction("4711.3")}}


@pytest.fixture
def gateway() -> Iterator[SimulatedGateway]:
    """A gateway with one meter of each model."""
    with lab.running_gateway(units=UNITS, start=START) as running:
        yield running


def command(*arguments: str) -> int:
    """Runs the command as the program does, and answers its exit status."""
    parser = argparse.ArgumentParser()
    read.add_arguments(parser)
    return read.run(parser.parse_args(arguments))


def target(gateway: SimulatedGateway, *, unit: int, model: str) -> list[str]:
    """The arguments that name a meter."""
    return ["--host", "127.0.0.1", "--port", str(gateway.port), "--unit", str(unit), "--model", model]


class TestReadCommand:
    def test_prints_each_value_with_unit_address_and_raw_words(
        self, gateway: SimulatedGateway, capsys: pytest.CaptureFixture[str]
    ) -> None:
        status = command(*target(gateway, unit=2, model="carlo_gavazzi_em24"))

        lines = capsys.readouterr().out.splitlines()
        assert status == 0
        assert lines[0] == f"Carlo Gavazzi EM24 RS485, unit 2 at 127.0.0.1:{gateway.port}"
        assert "Energy imported     4711.3 kWh        66  b8090000" in lines
        assert any(line.startswith("Frequency") and " Hz " in line for line in lines)

    def test_prints_one_json_object_with_exact_values_and_frames(
        self, gateway: SimulatedGateway, capsys: pytest.CaptureFixture[str]
    ) -> None:
        status = command(*target(gateway, unit=18, model="eastron_sdm630"), "--json")

        report = json.loads(capsys.readouterr().out)
        assert status == 0
        assert report["values"][0] == {
            "code": "energy_import",
            "caption": "Energy imported",
            "value": "284309.22",
            "unit": "KWH",
            "symbol": "kWh",
            "address": 72,
            "raw": "488ad2a7",
            "is_coarse": True,
        }
        assert len(report["values"]) == 52
        assert report["frames"][0]["request"] == "000100000006120400480008"
        assert "488ad2a7" in report["frames"][0]["response"]

    def test_gets_through_lost_frames(self, gateway: SimulatedGateway, capsys: pytest.CaptureFixture[str]) -> None:
        gateway.faults.change(18, drop_percent=30)

        status = command(*target(gateway, unit=18, model="eastron_sdm630"), "--timeout", "0.1", "--retries", "10")

        assert status == 0

    @pytest.mark.parametrize(
        ("faults", "unit", "says"),
        [
            ({"is_silent": True}, 18, "TIMEOUT: unit 18 at 127.0.0.1:"),
            ({"exception": 2}, 18, "exception 2, illegal data address. The device has no such register"),
            (
                {"is_short": True},
                18,
                "MISMATCH: unit 18, addresses 72 to 79: the answer has byte count 14, asked was 16",
            ),
            ({"is_nonsense": True}, 18, "NONSENSE: register energy_import at 72 (0x7fc00000): nan is no value"),
            ({}, 77, "exception 11, gateway target did not respond"),
        ],
        ids=["silent", "exception", "short", "nonsense", "nobody"],
    )
    def test_says_what_is_wrong_and_what_to_do(
        self,
        gateway: SimulatedGateway,
        capsys: pytest.CaptureFixture[str],
        faults: dict[str, object],
        unit: int,
        says: str,
    ) -> None:
        gateway.faults.change(18, **faults)

        status = command(*target(gateway, unit=unit, model="eastron_sdm630"), "--timeout", "0.1", "--retries", "1")

        told = capsys.readouterr().err
        assert status == 2
        assert says in told
        assert "Check" in told or "check" in told

    @pytest.mark.parametrize(("unit", "model"), UNITS.items(), ids=UNITS.values())
    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ({"is_silent": True}, "TIMEOUT"),
            ({"late_seconds": 0.4}, "TIMEOUT"),
            ({"exception": 4}, "EXCEPTION"),
            ({"has_wrong_unit": True}, "MISMATCH"),
            ({"has_wrong_transaction": True}, "MISMATCH"),
            ({"is_short": True}, "MISMATCH"),
            ({"is_garbled": True}, "MISMATCH"),
            ({"is_cut": True}, "TIMEOUT"),
        ],
        ids=lambda value: "".join(value) if isinstance(value, dict) else "",
    )
    def test_names_each_fault_of_each_model_and_is_well_again_after_it(
        self,
        gateway: SimulatedGateway,
        capsys: pytest.CaptureFixture[str],
        unit: int,
        model: str,
        fault: dict[str, object],
        code: str,
    ) -> None:
        quick = [*target(gateway, unit=unit, model=model), "--timeout", "0.15", "--retries", "1", "--json"]
        gateway.faults.change(unit, **fault)
        status = command(*quick)
        error = json.loads(capsys.readouterr().out)["error"]
        gateway.faults.clear()

        well = command(*quick)

        assert (status, error["code"], bool(error["remedy"])) == (2, code, True)
        assert f"unit {unit}" in error["what"] or "begins no Modbus TCP frame" in error["what"]
        assert well == 0

    @pytest.mark.parametrize(("unit", "model"), UNITS.items(), ids=UNITS.values())
    def test_reads_what_the_meter_shows_after_a_reset_and_a_roll_over(
        self, gateway: SimulatedGateway, capsys: pytest.CaptureFixture[str], unit: int, model: str
    ) -> None:
        shown = []
        for change in (gateway.meters[unit].reset, partial(gateway.meters[unit].roll_over, "energy_import")):
            change(lab.NOON)
            assert command(*target(gateway, unit=unit, model=model), "--json") == 0
            shown.append(Decimal(json.loads(capsys.readouterr().out)["values"][0]["value"]))

        assert shown[0] < 1
        assert shown[1] > 900_000

    def test_tells_an_error_in_json_too(self, gateway: SimulatedGateway, capsys: pytest.CaptureFixture[str]) -> None:
        gateway.faults.change(18, exception=6)

        status = command(*target(gateway, unit=18, model="eastron_sdm630"), "--json")

        error = json.loads(capsys.readouterr().out)["error"]
        assert status == 2
        assert (error["code"], error["exception"]) == ("EXCEPTION", 6)
        assert error["remedy"]

    def test_names_the_gateway_that_refuses(self, capsys: pytest.CaptureFixture[str]) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = str(taken.getsockname()[1])

            status = command("--host", "127.0.0.1", "--port", port, "--unit", "1", "--model", "eastron_sdm630")

        assert status == 2
        assert f"CONNECTION: no connection to 127.0.0.1:{port}" in capsys.readouterr().err

    def test_names_a_host_that_is_no_name(self, capsys: pytest.CaptureFixture[str]) -> None:
        status = command("--host", "a..b", "--unit", "1", "--model", "eastron_sdm630")

        assert status == 2
        assert "CONNECTION: no connection to a..b:502" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "wrong",
        [
            ["--port", "0"],
            ["--port", "70000"],
            ["--unit", "256"],
            ["--model", "nobody"],
            ["--timeout", "0"],
            ["--retries", "-1"],
        ],
        ids=lambda wrong: "".join(wrong),
    )
    def test_refuses_arguments_without_sense(self, wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as stopped:
            command("--host", "127.0.0.1", "--unit", "1", "--model", "eastron_sdm630", *wrong)

        assert stopped.value.code == 2
