"""What a gateway says of itself: why it started, and how strong its signal is."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterbook.gateway import program

WIRELESS = """Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   54.  -56.  -256        0      0      0      0     93        0
"""


class TestReasonOfStart:
    @pytest.mark.parametrize(
        ("uptime", "is_clean", "reason"),
        [
            ("12.50 20.00", True, "power or restart of the machine"),
            ("90000.00 1.00", True, "started"),
            ("90000.00 1.00", False, "killed"),
            ("nonsense", False, "killed"),
        ],
        ids=["power", "clean", "killed", "unknown"],
    )
    def test_tells_machine_and_program_apart(self, tmp_path: Path, uptime: str, is_clean: bool, reason: str) -> None:
        file = tmp_path / "uptime"
        file.write_text(uptime)

        assert program.reason_of_start(is_stopped_cleanly=is_clean, uptime=file) == reason


class TestSignalStrength:
    def test_is_that_of_the_first_interface(self, tmp_path: Path) -> None:
        file = tmp_path / "wireless"
        file.write_text(WIRELESS)

        assert program.signal_strength(file) == -56

    def test_is_not_known_without_one(self, tmp_path: Path) -> None:
        assert program.signal_strength(tmp_path / "none") is None
