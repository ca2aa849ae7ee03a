"""Commissioning through the API: a bus is searched and surveyed, a choice is kept, transformers are checked."""

from __future__ import annotations

from meterbook.acquisition.library import documents, orders
from meterbook.acquisition.library.orders import ByteOrder
from tests.factories import acquisition, api, commissioning, identity, sites


def test_searches_surveys_and_keeps_a_choice() -> None:
    organization = identity.organization()
    bus = acquisition.bus(site=sites.site(organization=organization))
    meters = {3: commissioning.simulated(orders.in_order(documents.load("eastron_sdm630"), ByteOrder.O3412))}
    client = api.program(organization=organization)
    path = f"/buses/{bus.public_id}/commissioning"

    before = client.get(path).json()
    client.post(path, {})
    commissioning.play(organization.pk, meters)
    client.post(path, {})
    stopped = client.post(path, {"stop": True}).json()
    found = f"/found-meters/{stopped['found'][0]}"
    while not (meter := client.post(f"{found}/survey", {}).json())["is_surveyed"]:
        commissioning.play(organization.pk, meters)
    kept = client.ask("PUT", f"{found}/choice", {"model": "eastron_sdm630", "byte_order": "3412", "scale": "0.001"})
    refused = client.ask("PUT", f"{found}/choice", {"model": "eastron_sdm630", "scale": "7"})

    assert (before["is_begun"], before["total"], before["found"]) == (False, 247, [])
    assert (stopped["is_stopped"], stopped["asked"]) == (True, 12)
    likely = next(each for each in meter["candidates"] if each["model"] == "eastron_sdm630")
    assert (likely["grade"], likely["byte_order"], likely["came"]) == ("LIKELY", "3412", likely["asked"])
    values = {each["register_code"]: each["value"] for each in kept.json()["items"]}
    assert values["energy_import"] == "12.34500"
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/body/scale"


def test_checks_transformers_exactly() -> None:
    client = api.program(organization=identity.organization())
    phase = {"name": "1", "voltage": "230", "current": "5", "power_factor": "0.9", "power": "41200", "clamp": "100"}

    told = client.post("/transformer-checks", {"phases": [phase], "multiplier": "40"}).json()["items"]
    refused = client.post("/transformer-checks", {"phases": [phase], "multiplier": "0"})

    assert [(each["kind"], each["is_fault"], each["ratio"]) for each in told] == [
        ("DIFFERS", True, "39.806763"),
        ("CLAMP_DIFFERS", True, "20.000000"),
    ]
    assert (told[0]["found"], told[0]["expected"], told[0]["percent"]) == ("41200.000000", "1035.000000", "3880.676329")
    assert refused.status_code == 422
