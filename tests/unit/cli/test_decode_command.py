"""`meterbook decode`: exact JSON, exit statuses, where frames and keys come from."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from meterbook.cli import decode, main
from meterbook.cli.main import COMMANDS

CIPHERED = (
    "db082f192291991641033b30000001e5025ce9d2271fd78be8c204211a916a9d7f587e0a7a814cadea89e9593f01f92ea8c087b5bdfdefeab6"
    "becf282dfe49c08f5be6dc8400"
)
TELEGRAM = "/ESY5Q3DA1004 V3.04\r\n\r\n1-0:1.8.0*255(00032549.50616620000000001*kWh)\r\n!\r\n"


def run(*arguments: str) -> int:
    return main.main(["decode", *arguments])


class TestJson:
    def test_holds_every_digit(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = tmp_path / "telegram.txt"
        path.write_bytes(TELEGRAM.encode())

        status = run("--protocol", "dsmr", "--text", str(path), "--json")

        printed = capsys.readouterr().out
        assert status == 0
        assert '"value": 32549.50616620000000001' in printed
        assert json.loads(printed, parse_float=Decimal)["objects"][0]["value"] == Decimal("32549.50616620000000001")

    def test_is_valid_for_empty_and_nested_values(self, capsys: pytest.CaptureFixture[str]) -> None:
        run("--protocol", "dlms", "--hex", "02020100090c07e30c1f0217000000ffc400", "--json")

        assert json.loads(capsys.readouterr().out)["data"]["value"][0] == {"type": "array", "value": []}

    def test_tells_an_error_with_its_place(self, capsys: pytest.CaptureFixture[str]) -> None:
        status = run("--protocol", "modbus-rtu", "--hex", "0x11 0x03 00 7c 00:02-07 44", "--json")

        printed = capsys.readouterr()
        assert status == 2
        assert json.loads(printed.out) == {
            "error": "byte 6: CRC 0744 is sent, 0743 is computed: the frame was damaged on its way",
            "code": "DECODE",
            "place": "byte 6",
            "remedy": decode.REMEDY_OF_A_FRAME,
        }
        assert printed.err.startswith("meterbook: byte 6")

    def test_tells_what_is_readable_without_the_key(self, capsys: pytest.CaptureFixture[str]) -> None:
        status = run("--protocol", "dlms", "--hex", CIPHERED, "--json")

        told = json.loads(capsys.readouterr().out)
        assert status == 2
        assert (told["code"], told["system_title"], told["invocation_counter"]) == (
            "KEY_NEEDED",
            "2f19229199164103",
            485,
        )


class TestArguments:
    @pytest.mark.parametrize("key", [b"MYDUMMYGLOBALKEY".hex(), "MYDUMMYGLOBALKEY"], ids=["hex", "text"])
    def test_take_a_key(self, key: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run("--protocol", "dlms", "--hex", CIPHERED, "--key", key) == 0
        assert "plain: data-notification APDU" in capsys.readouterr().out

    def test_take_registers_without_a_frame(self, capsys: pytest.CaptureFixture[str]) -> None:
        status = run(
            "--protocol", "modbus-tcp", "--registers", "32768,17254", "--type", "float32", "--word-order", "little"
        )

        assert status == 0
        assert capsys.readouterr().out == "registers: 32768, 17254\ntype: float32\nword_order: little\nvalue: 230.5\n"

    def test_take_the_profile_beside_the_protocol(self, capsys: pytest.CaptureFixture[str]) -> None:
        status = run("--protocol", "lorawan", "--profile", "milesight-am107", "--hex", "01755c", "--port", "85")

        assert status == 0
        assert capsys.readouterr().out == "battery: 92\n"

    @pytest.mark.parametrize("arguments", [(), ("--text", "-")], ids=["nothing", "dash"])
    def test_read_standard_input(
        self, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(TELEGRAM.encode())))

        assert run("--protocol", "dsmr", *arguments) == 0
        assert "identification: ESY5Q3DA1004 V3.04" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (("--protocol", "profibus", "--hex", "00"), "profibus: choose one of modbus-tcp"),
            (("--protocol", "sml", "--hex", ""), "the frame is empty"),
            (("--protocol", "sml", "--hex", "1b1"), "--hex: write pairs of hex digits"),
            (("--protocol", "dsmr", "--text", "/nowhere/at/all"), "No such file"),
            (("--protocol", "lorawan", "--hex", "00"), "is no profile"),
        ],
    )
    def test_that_cannot_be_are_explained(
        self, arguments: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(*arguments) == 2
        assert complaint in capsys.readouterr().err

    @pytest.mark.parametrize(
        "arguments", [("--key", "12"), ("--registers", "70000"), ("--port", "0"), ("--step", "x"), ("--request", "1")]
    )
    def test_that_have_no_meaning_are_refused(
        self, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit, match="2"):
            run("--protocol", "sml", "--hex", "00", *arguments)

        assert "usage" in capsys.readouterr().err


def test_it_needs_neither_database_nor_data_folder() -> None:
    assert not COMMANDS["decode"].needs_database
    assert not COMMANDS["decode"].has_data_folder
