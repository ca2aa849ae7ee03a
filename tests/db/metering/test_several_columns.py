"""One file, many columns: meters side by side, and the registers of one meter, each to its series, all or nothing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations, queries
from meterbook.metering.importing import targets
from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.importing.problems import FileInvalid
from tests.factories import identity, imports, metering, sites

ENERGY, REACTIVE = (
    operations.RegisterPlan(code, code, unit, 3)
    for code, unit in (("energy_import", Unit.KWH), ("energy_reactive_import", Unit.KVARH))
)
START = datetime(2026, 3, 1, tzinfo=ZoneInfo("Europe/Madrid"))


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


def columns(*listed: tuple[str, str, str]) -> Mapping:
    return Mapping(columns=targets.written(targets.Target(*each) for each in listed))


def stored(organization: identity_models.Organization) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    with scoping.scope([organization.pk], actor=imports.ACTOR):
        series = models.Series.objects.filter(organization_id=organization.pk).select_related("meter_point")
        for each in series:
            rows = models.Reading.objects.filter(organization_id=organization.pk, series_id=each.pk).order_by("at")
            found[(each.meter_point.code, each.code)] = list(rows.values_list("value", flat=True))
    return found


@pytest.mark.spec("M-026/4")
def test_meters_side_by_side_are_one_import(organization: identity_models.Organization) -> None:
    site = sites.site(organization=organization)
    for code in ("MP-1", "MP-2"):
        metering.installed_meter(organization=organization, site=site, code=code, registers=(ENERGY,))
    content = "Time;MP-1 kWh;MP-2 Wh\n2026-03-01 00:00;1,5;1.000,5\n2026-03-01 00:15;2;2.000\nTotal;3,5;3.000,5\n"

    outcome = imports.load(
        organization,
        content.encode(),
        columns(("MP-1 kWh", "MP-1", "energy_import"), ("MP-2 Wh", "MP-2", "energy_import")),
    )

    assert stored(organization) == {
        ("MP-1", "energy_import"): [0, 1500, 3500],
        ("MP-2", "energy_import"): [0, 1001, 3001],
    }
    assert [(each.code, each.series, each.total, each.unit) for each in outcome.points] == [
        ("MP-1", "energy_import", "3.5", "kWh"),
        ("MP-2", "energy_import", "3000.5", "Wh"),
    ]
    assert "Line 4, “Total”, sums up the others and is left out." in outcome.notes
    assert "MP-2 Wh: Thousands are grouped with “.”." in outcome.notes


def test_registers_of_new_meters_are_made_with_them(organization: identity_models.Organization) -> None:
    site = sites.site(organization=organization)
    rows = [(f"2026-03-0{day} 00:00", code, day, 10 * day) for code in ("A-1", "A-2") for day in (1, 2, 3)]
    mapping = Mapping(
        point_column="meter",
        kind="REGISTERS",
        columns=targets.written(
            [targets.Target("Import", "", "energy_import"), targets.Target("kvarh", "", "energy_reactive_import")]
        ),
    )

    imports.load(
        organization,
        imports.csv_file(rows, header="time,meter,Import,kvarh"),
        mapping,
        new_meters_at=site.public_id,
    )

    assert stored(organization) == {
        (code, series): [step * day * 1000 for day in (1, 2, 3)]
        for code in ("A-1", "A-2")
        for series, step in (("energy_import", 1), ("energy_reactive_import", 10))
    }


def test_a_fault_in_one_column_stores_none(organization: identity_models.Organization) -> None:
    metering.installed_meter(organization=organization, code="MP-1", registers=(ENERGY,))
    content = imports.csv_file([("2026-03-01 00:00", 1, 2), ("2026-13-01 00:15", 1, "x")], header="time,kWh,kvarh")

    with pytest.raises(FileInvalid) as caught:
        imports.load(
            organization,
            content,
            Mapping(
                point="MP-1",
                time_format="ISO",
                step=15,
                columns=targets.written(
                    [targets.Target("kWh", "", "energy_import"), targets.Target("kvarh", "", "energy_reactive_import")]
                ),
            ),
        )

    told = [(each.line, each.column) for each in caught.value.problems]
    assert told.count((3, "time")) == 1  # once, though two columns lie beside it
    assert (3, "kvarh") in told
    assert (0, "kvarh") in told
    assert "Add the register on the page of the meter" in str(caught.value)
    assert set(map(len, stored(organization).values())) == {0}


class TestAddedRegister:
    """A register that is added later counts from its first number on; nothing is known of the time before."""

    @staticmethod
    def add(organization: identity_models.Organization, meter: metering.Installed, shown: str, **how: object) -> None:
        facts = {"series_code": "energy_reactive_import", "since": START, **how}
        with scoping.scope([organization.pk], actor=imports.ACTOR):
            operations.add_register(
                actor=imports.ACTOR,
                at=imports.NOW,
                meter_point=meter.point.public_id,
                shown=Decimal(shown),
                **facts,  # type: ignore[arg-type]
            )

    def test_takes_readings_by_hand_and_by_file(self, organization: identity_models.Organization) -> None:
        meter = metering.installed_meter(
            organization=organization, code="MP-1", model_code="imported", registers=(ENERGY,)
        )
        self.add(organization, meter, "700.25")
        content = imports.csv_file(
            [("2026-04-01 00:00", 1000, "800.25"), ("2026-05-01 00:00", 1200, 900)], header="time,Reading,kvarh"
        )

        imports.load(
            organization,
            content,
            Mapping(
                point="MP-1",
                kind="REGISTERS",
                columns=targets.written(
                    [
                        targets.Target("Reading", "", "energy_import"),
                        targets.Target("kvarh", "", "energy_reactive_import"),
                    ]
                ),
            ),
        )

        assert stored(organization) == {
            ("MP-1", "energy_import"): [1_000_000, 1_200_000],
            ("MP-1", "energy_reactive_import"): [700_250, 800_250, 900_000],
        }
        with scoping.scope([organization.pk], actor=imports.ACTOR):
            detail = queries.get_meter(public_id=meter.point.public_id)
        assert [each.step for each in detail.series] == [15, 15]

    @pytest.mark.parametrize(
        ("how", "field"),
        [
            ({"series_code": "energy_import"}, "series"),
            ({"series_code": "volume"}, "series"),
            ({"since": metering.LONG_AGO.replace(year=2000)}, "since"),
            ({"since": imports.NOW.replace(year=2030)}, "since"),
            ({"shown": "1.2345"}, "shown"),
        ],
        ids=["there already", "of another service", "before the meter", "ahead", "too fine"],
    )
    def test_is_refused_where_it_cannot_be(
        self, organization: identity_models.Organization, how: dict[str, object], field: str
    ) -> None:
        meter = metering.installed_meter(organization=organization, model_code="imported", registers=(ENERGY,))

        with pytest.raises(operations.RegisterRefused) as caught:
            self.add(organization, meter, str(how.pop("shown", "1")), **how)

        assert caught.value.field == field

    def test_is_none_of_a_meter_that_is_asked(self, organization: identity_models.Organization) -> None:
        meter = metering.installed_meter(organization=organization, registers=(ENERGY,))

        with pytest.raises(operations.RegisterRefused, match="those of its model"):
            self.add(organization, meter, "1")
