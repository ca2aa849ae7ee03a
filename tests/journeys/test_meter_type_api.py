"""Meter types through the API: published, shown, and refused where meters have stored otherwise."""

from __future__ import annotations

import pytest

from tests.factories import api, identity, sites
from tests.factories import meter_types as factory


@pytest.mark.spec("M-015/3")
def test_publishes_versions_and_tells_what_stands_against_them() -> None:
    organization = identity.organization()
    client = api.program(organization=organization)
    made = client.post("/meter-types", {"document": factory.DOCUMENT, "note": "first"})
    hung = factory.hung(organization, site=sites.site(organization=organization))

    changed = client.post("/meter-types", {"document": factory.DOCUMENT.replace('"1/100"', '"1/10"'), "base": 1})
    late = client.post("/meter-types", {"document": factory.DOCUMENT.replace("T1", "T3"), "base": 1})
    against = client.post("/meter-types", {"document": factory.DOCUMENT.replace("unit: KWH", "unit: MWH"), "base": 2})
    faulty = client.post("/meter-types", {"document": factory.DOCUMENT.replace("unit: W\n", "unit: WX\n"), "base": 2})
    shipped = client.post("/meter-types", {"document": factory.DOCUMENT.replace("own_meter", "eastron_sdm630")})

    assert (made.status_code, changed.status_code) == (201, 201)
    assert changed.json()["meters"] == [
        {"meter_point": str(hung.point.public_id), "serial_number": hung.meter.serial_number, "is_read": False}
    ]
    assert [(each.status_code, each.json()["code"]) for each in (late, against, faulty, shipped)] == [
        (409, "changed"),
        (409, "in_use"),
        (422, "invalid"),
        (422, "invalid"),
    ]
    assert faulty.json()["errors"][0]["pointer"] == "/body/document/registers/1/unit"
    assert "meters that count by it: 1." in against.json()["errors"][0]["detail"]
    (listed,) = client.get("/meter-types").json()["items"]
    assert (listed["code"], listed["version"], listed["registers"]) == ("own_meter", 2, 2)
    versions = client.get("/meter-types/own_meter/versions").json()["items"]
    assert [(each["version"], each["note"]) for each in versions] == [(2, ""), (1, "first")]
    again = client.post(
        "/meter-types", {"document": client.get("/meter-types/own_meter").json()["document"], "base": 2}
    )
    assert again.json()["version"] == 2
    assert client.ask("PUT", "/meter-types/own_meter/offer", {"is_offered": False}).json()["is_offered"] is False
    assert "own_meter" in {each["code"] for each in client.get("/meter-types").json()["items"]}
    assert "own_meter" not in {each["code"] for each in client.get("/meter-models").json()["items"]}
