"""The list of meters to read does not rest on statistics: right after hundreds were brought in there are none."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from meterbook.foundation import scoping
from meterbook.monitoring import queries
from tests.factories import billing, metering

AT = datetime(2026, 11, 27, 9, tzinfo=UTC)


@pytest.mark.spec("M-026/1")
def test_registers_and_meters_are_not_looked_through_inside_each_other() -> None:
    meter = metering.installed_meter(organization=billing.place().organization)
    plans: list[str] = []

    def explain(
        execute: Callable[..., Any],
        words: str,
        given: object,
        many: bool,
        context: dict[str, Any],
    ) -> Any:  # noqa: ANN401 - as Django calls it
        if "FROM metering_meterpoint p" in words:
            execute(f"EXPLAIN {words}", given, many, context)
            plans.append("\n".join(line for (line,) in context["cursor"].fetchall()))
        return execute(words, given, many, context)

    with scoping.scope([meter.organization_id], actor=billing.ACTOR):
        with connection.execute_wrapper(explain):
            found = queries.hand_read(site_ids=None, month_end=datetime(2026, 12, 1, tzinfo=UTC), at=AT)
        with connection.cursor() as cursor:
            cursor.execute("SHOW enable_nestloop")
            assert cursor.fetchone() == ("on",)

    assert [each.point_id for each in found] == [meter.point.pk]
    assert plans
    assert not re.search(r"Nested Loop (?!Left Join)", plans[0]), plans[0]
