"""What the parts of tariffs are called, where one account of the books stands for several tariffs."""

from __future__ import annotations

from datetime import date
from typing import Any

from meterbook.foundation import scoping
from meterbook.tariffs import operations, queries
from tests.factories import billing, identity


def named(code: str, base: str) -> dict[str, Any]:
    raw = billing.document() | {"code": code}
    raw["components"][-1]["name"] = {"en": base}
    return raw


class TestPartNames:
    def test_of_another_tariff_hide_no_name_and_a_newer_version_of_the_same_one_does(self) -> None:
        organization = identity.organization()
        first = billing.tariff(organization=organization, raw=named("A", "Base"))
        for code, base in (("B", "Base"), ("C", "Parking space")):
            billing.tariff(organization=organization, raw=named(code, base))

        with scoping.scope([organization.pk], actor=billing.ACTOR):
            before = queries.part_names(currency="EUR")
            given = {"actor": billing.ACTOR, "at": billing.LONG_AGO, "tariff": first}
            operations.save_draft(**given, document=named("A", "Standing charge"))
            operations.publish_version(**given, first_day=date(2025, 1, 1))
            after = queries.part_names(currency="EUR")

        assert [each["en"] for each in before.components["base"]] == ["Base", "Parking space"]
        assert [each["en"] for each in after.components["base"]] == ["Standing charge", "Base", "Parking space"]
        assert [each["en"] for each in after.components["energy"]] == ["Energy"]
        assert [each["es"] for each in after.taxes["vat"]] == ["IVA"]
