"""The check against floats finds them, and lets their refusal pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.lint import float_money
from tools.lint.findings import Source


class TestCheck:
    @pytest.mark.parametrize(
        "statement",
        [
            "price = 0.1",
            "price = float(text)",
            "def rate(price: float) -> None: ...",
            "values = numpy.zeros(3, dtype=numpy.float64)",
            "amount = models.FloatField()",
            "limit = 1e3",
        ],
    )
    def test_reports_a_float(self, statement: str) -> None:
        assert len(float_money.check(Source("src/meterbook/tariffs/values.py", statement))) == 1

    @pytest.mark.parametrize(
        "statement", ["price = Decimal('0.1')", "if isinstance(value, float):\n    raise FloatRefused", "count = 3"]
    )
    def test_accepts_exact_numbers_and_refusals(self, statement: str) -> None:
        assert float_money.check(Source("src/meterbook/tariffs/values.py", statement)) == []


class TestRun:
    def test_reports_domains_but_not_entry_points_nor_listed_files(self, tmp_path: Path) -> None:
        for name in ("billing/values.py", "web/ages.py", "monitoring/formatting.py"):
            path = tmp_path / "src/meterbook" / name
            path.parent.mkdir(parents=True)
            path.write_text("x = 0.5\n")
        allow(tmp_path, "src/meterbook/monitoring/formatting.py: shown only\n")

        assert [each.path for each in float_money.run(tmp_path)] == ["src/meterbook/billing/values.py"]

    def test_reports_an_exception_that_is_no_longer_needed(self, tmp_path: Path) -> None:
        allow(tmp_path, "src/meterbook/gone.py: was needed once\n")

        assert "needs no exception any more" in float_money.run(tmp_path)[0].message

    def test_wants_a_reason_for_an_exception(self, tmp_path: Path) -> None:
        allow(tmp_path, "src/meterbook/billing/values.py\n")

        with pytest.raises(ValueError, match="give a reason"):
            float_money.run(tmp_path)


def allow(root: Path, text: str) -> None:
    folder = root / "tools/lint"
    folder.mkdir(parents=True)
    (folder / float_money.ALLOWED).write_text(text)
