"""What is spoken with a meter, in a workbook: made, refused beside the cell, exported and imported again."""

from __future__ import annotations

from meterbook.acquisition import models as acquisition_models
from meterbook.foundation import scoping
from tests.db.journeys.building_desk import ACTOR, PLACES, Desk
from tests.factories import buildings

COLUMNS = ["Code", "Name", "Service", "Place", "Meter serial number", "Model", "Gateway address", "Gateway port"]
MORE = ["What is spoken", "Unit address", "M-Bus number"]


def workbook(*rows: tuple[object, ...]) -> bytes:
    return buildings.workbook(
        {
            "Sites": [list(buildings.SITES), list(buildings.SITE)],
            "Places": [list(buildings.PLACES), *[list(each) for each in PLACES]],
            "Meter points": [[*COLUMNS, *MORE], *[list(each) for each in rows]],
        }
    )


HEAT = ("H1", "Heat", "Heating", "U12", "K1", "kamstrup_multical_601", "127.0.0.1", None, None, None, "06855817")
WATER = ("W1", "Water", "Hot water", "U12", "L1", "siemens_wfh21", "127.0.0.1", None, None, 0, None)
POWER = ("E1", "Shop", "Electricity", "U12", "S1", "eastron_sdm630", "127.0.0.2", 4001, "Modbus RTU over TCP", 7, None)


def test_makes_lines_of_every_kind_and_comes_back_unchanged() -> None:
    desk = Desk()

    desk.bring(workbook(HEAT, WATER, POWER))

    with scoping.scope([desk.organization.pk], actor=ACTOR):
        devices = acquisition_models.Device.objects.filter(organization_id=desk.organization.pk).select_related("bus")
        found = {
            (each.bus.protocol, each.bus.port, each.unit_id, each.secondary, each.live_seconds) for each in devices
        }
        buses = acquisition_models.Bus.objects.filter(organization_id=desk.organization.pk).count()
    assert found == {
        ("MBUS_TCP", 10_001, 253, "06855817FFFFFFFF", 900),
        ("MBUS_TCP", 10_001, 0, "", 900),
        ("MODBUS_RTU_TCP", 4001, 7, "", 10),
    }
    assert buses == 2
    again = desk.check(desk.export())
    assert again.problems == ()
    assert again.changes == []


def test_says_beside_the_cell_what_cannot_be() -> None:
    faults = Desk().faults(
        workbook(
            (*HEAT[:8], "Modbus TCP", 7, None),
            ("H2", *HEAT[1:4], "K2", *HEAT[5:10], "12"),
            (*POWER[:9], 0, None),
            (*WATER[:6], "/dev/ttyS9", None, "M-Bus on a serial port", 3, None),
        )
    )

    told = {(line, column): words for _, line, column, words in faults}
    assert "does not speak that" in told[2, "What is spoken"]
    assert "8 digits" in told[3, "M-Bus number"]
    assert "between 1 and 247" in told[4, "Unit address"]
    assert "MB_SERIAL_PORTS" in told[5, "Gateway address"]
    assert len(told) == 4
