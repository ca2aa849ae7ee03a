"""What further registers of a meter point say about a bill at a glance: estimated, apportioned."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meterbook.billing import content
from meterbook.billing.content import marks
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from tests.factories.counters import BEGIN, END, READ, REFERENCE, T1

BETWEEN = replace(READ, present=READ.present._replace(quality=Quality.INTERPOLATED, source=None))


def point(register: content.Counter) -> content.Point:
    return content.Point(
        public_id="p",
        code="P",
        name="Bakery",
        unit_name=None,
        service="ELECTRICITY",
        unit="KWH",
        decimals=3,
        period=Period(BEGIN, END),
        days=28,
        is_vacancy=False,
        segments=[READ],
        quantity=350_000,
        counts=content.Counts(2_688, 0, 0, 0),
        history=[],
        reference=REFERENCE,
        charges=[],
        registers=[register],
    )


@pytest.mark.spec("M-089/2")
class TestMarks:
    @pytest.mark.parametrize(
        ("register", "is_estimated", "is_apportioned"),
        [
            pytest.param(T1, False, False, id="read at both ends"),
            pytest.param(replace(T1, counts=content.Counts(2_688, 4, 0, 0)), True, False, id="estimated between"),
            pytest.param(
                replace(T1, segments=[replace(READ, present=READ.present._replace(quality=Quality.ESTIMATED))]),
                True,
                False,
                id="an estimated reading",
            ),
            pytest.param(replace(T1, counts=content.Counts(2_688, 0, 2_688, 0)), False, False, id="spread between two"),
            pytest.param(
                replace(T1, segments=[BETWEEN], counts=content.Counts(2_688, 0, 2_688, 0, ends_between=True)),
                False,
                True,
                id="ends between two",
            ),
        ],
    )
    def test_of_a_register_are_those_of_the_bill(
        self, register: content.Counter, is_estimated: bool, is_apportioned: bool
    ) -> None:
        assert marks.is_estimated(point(register)) is is_estimated
        assert marks.is_apportioned(point(register)) is is_apportioned
