"""The check of who reads the time finds those who should be given it."""

from __future__ import annotations

import pytest

from tools.lint import clock_in_domain
from tools.lint.findings import Source

DOMAIN = "src/meterbook/metering/operations.py"
ENTRY = "src/meterbook/web/access.py"


class TestCheck:
    @pytest.mark.parametrize(
        "statement",
        [
            "at = datetime.now(UTC)",
            "at = datetime.datetime.now(UTC)",
            "at = datetime.utcnow()",
            "day = date.today()",
            "at = timezone.now()",
            "field = models.DateTimeField(default=timezone.now)",
            "stamp = time.time()",
        ],
    )
    @pytest.mark.parametrize("path", [DOMAIN, ENTRY])
    def test_reports_the_machine_clock_everywhere(self, path: str, statement: str) -> None:
        assert len(clock_in_domain.check(Source(path, statement))) == 1

    @pytest.mark.parametrize("statement", ["at = clock.now()", "at = kernel_clock.now()", "at = clock.real_now()"])
    def test_reports_the_products_clock_in_a_domain_only(self, statement: str) -> None:
        assert len(clock_in_domain.check(Source(DOMAIN, statement))) == 1
        assert clock_in_domain.check(Source(ENTRY, statement)) == []

    def test_leaves_durations_alone(self) -> None:
        assert clock_in_domain.check(Source(DOMAIN, "started = time.monotonic()")) == []
