"""M-Bus meters are found by their numbers on a simulated line, also beside others that misbehave."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from meterbook.acquisition import operations, values
from meterbook.acquisition.drivers.mbus.bus import MbusTcpBus
from meterbook.collector import selecting
from meterbook.kernel import clock
from meterbook_lab.mbus_meter import MbusMeter, recorded
from meterbook_lab.mbus_server import SimulatedMbus

MODEL = "kamstrup_multical_601"


def meter(number: str, address: int = 0, *, model: str = MODEL, **more: bool) -> MbusMeter:
    return MbusMeter(recorded(model), address, number=number, **more)


def probe(*masks: str) -> operations.TakenProbe:
    return operations.TakenProbe(
        probe_id=1,
        organization_id=1,
        bus_id=1,
        host="127.0.0.1",
        port=1,
        timeout_ms=60,
        unit_id=values.BY_SELECTION,
        model_code=MODEL,
        expires_at=clock.real_now() + timedelta(seconds=60),
        protocol=values.BusProtocol.MBUS_TCP,
        secondary=masks[-1],
        errand=values.Errand.NUMBERS,
        masks=masks,
    )


def search(
    *meters: MbusMeter, masks: tuple[str, ...] = (values.ANY_NUMBER,)
) -> tuple[dict[str, str], tuple[str, ...], int]:
    """What is found, what is left, and how often the line was asked."""

    async def run() -> tuple[dict[str, str], tuple[str, ...], int]:
        async with SimulatedMbus(meters) as bus:
            async with MbusTcpBus("127.0.0.1", bus.port, clock=clock.now, baud=38_400) as line:
                found, rest = await selecting.search(line, probe(*masks))
            return {address[:8]: fault for address, fault in found}, rest, len(bus.server.heard)

    return asyncio.run(run())


def test_a_single_meter_is_found_with_the_first_question() -> None:
    found, rest, asked = search(meter("12345678"))

    assert (found, rest) == ({"12345678": ""}, ())
    assert asked == 2


def test_meters_whose_answers_collide_are_told_apart_by_their_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "PATIENCE_SECONDS", 60)

    found, rest, _asked = search(meter("12345678"), meter("12445678"), meter("90000001", model="siemens_wfh21"))

    assert found == dict.fromkeys(("12345678", "12445678", "90000001"), "")
    assert rest == ()


def test_two_with_the_same_number_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "PATIENCE_SECONDS", 60)

    found, _rest, _asked = search(
        meter("12345678"), meter("12345678", model="siemens_wfh21"), masks=("1234567FFFFFFFFF",)
    )

    assert found == {"12345678": selecting.SAME_NUMBER}


def test_one_that_takes_every_selection_for_its_own_does_not_last_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "PATIENCE_SECONDS", 120)

    found, rest, asked = search(meter("55500001", ignores_masks=True), masks=("1FFFFFFFFFFFFFFF",))

    assert (found, rest) == ({}, ())
    assert asked < 50


def test_what_was_not_tried_in_time_is_left_for_the_next_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "PATIENCE_SECONDS", 0.2)
    meters = meter("12345678"), meter("12445678")

    found, rest, _asked = search(*meters)
    monkeypatch.setattr(selecting, "PATIENCE_SECONDS", 60)
    more, none, _asked = search(*meters, masks=rest)
    found |= more

    assert rest
    assert none == ()
    assert set(found) == {"12345678", "12445678"}
