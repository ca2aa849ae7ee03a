"""What the paper of a bill says below a line of demand that goes by a register."""

from __future__ import annotations

import pytest

from meterbook.documents.rendering import words, workings

READ = {
    "at": "2026-02-02T09:00+01:00",
    "since": "2026-01-02T09:00+01:00",
    "shown": "2.5",
    "unit": "KW",
    "multiplier": "40",
    "meter": "SN 7",
}


@pytest.mark.spec("M-053/3")
def test_the_reading_and_how_many_times_it_counts() -> None:
    line = {"unit": "KW", "trace": {"actual": "100.000", "windows": 0, "excluded": 0, "register": READ}}
    plain = {"unit": "KW", "trace": {"actual": "2.5", "register": READ | {"multiplier": "1"}}}

    said = {code: workings.of_line(line, words.of(code)) for code in ("en", "es")}

    assert "maximum demand showed 2.5 kW × 40 on" in said["en"]
    assert "09:00" in said["en"]
    assert "mostraba 2,5 kW × 40 el" in said["es"]
    assert "showed 2.5 kW on" in workings.of_line(plain, words.of("en"))
