"""Ids as one array, rows in binary, and arrays as PostgreSQL reads them."""

from __future__ import annotations

import gc
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterbook.customers import models as customer_models
from meterbook.foundation import many, scoping
from meterbook.metering import models as metering_models
from tests.factories import billing, customers, identity, metering, sites

TEXTS = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12), max_size=6)


def _read(kind: str, written: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [written])
        (found,) = cursor.fetchone()
    return list(found)


class TestArrays:
    @given(TEXTS)
    @settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    def test_texts_are_read_as_they_were(self, texts: list[str]) -> None:
        assert _read("text", many.texts(texts)) == texts

    def test_numbers_days_and_nulls_are_read_as_they_were(self) -> None:
        name = uuid.uuid4()

        assert _read("bigint", many.array([7, None, -1])) == [7, None, -1]
        assert _read("numeric", many.array([Decimal("1.50")])) == [Decimal("1.50")]
        assert _read("date", many.array([date(2026, 2, 28), None])) == [date(2026, 2, 28), None]
        assert _read("uuid", many.array([name])) == [name]
        assert _read("boolean", many.array([True, False])) == [True, False]
        assert _read("bigint", many.array([])) == []


class TestRows:
    def test_among_finds_what_in_finds(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        made = [customers.account(organization=organization, site=site).pk for _ in range(3)]
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            accounts = customer_models.Account.objects.filter(organization_id=organization.pk).order_by("id")

            assert [each.pk for each in accounts.filter(many.among("pk", made[1:]))] == made[1:]
            assert not accounts.filter(many.among("pk", ())).exists()

    def test_rows_are_those_of_the_orm(self) -> None:
        place = billing.place()
        meter = metering.installed_meter(organization=place.organization, site=place.site, registers=(metering.ENERGY,))
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            hung = metering_models.Installation.objects.filter(organization_id=place.organization.pk)
            own = "public_id", "meter_point_id"
            found = hung.values_list(*own, *many.both_ends(F("during")))

            assert many.rows(found) == list(found)
            assert list(found) == list(hung.values_list(*own, "during__startswith", "during__endswith"))
            assert many.rows(found)[0][1] == meter.point.pk
            assert many.rows(found)[0][2] > datetime(1990, 1, 1, tzinfo=UTC)


class TestCollector:
    def test_it_is_as_before_after_a_fault(self) -> None:
        seen = []

        @many.without_collector()
        def work() -> None:
            seen.append(gc.isenabled())
            raise LookupError

        with pytest.raises(LookupError):
            work()
        assert [*seen, gc.isenabled()] == [False, True]
