"""A bus with simulated meters on it whose collector is played, for tests of commissioning."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Mapping
from fractions import Fraction

from meterbook.acquisition import models, operations, values
from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.library import documents, orders
from meterbook.acquisition.library.documents import MeterModel
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook_lab import modbus_registers
from meterbook_lab.modbus_meter import SimulatedMeter
from tests.factories import acquisition, lab, sites
from tests.factories.acquisition import ACTOR, DEMO

SHOWN = Fraction(12345)
MARKED = 203
SILENCE = values.Problem.of(errors.Timeout("unit 5 did not answer within 1 s", unit=5))


DOCUMENT = """\
code: sunspec_acme_m1
manufacturer: Acme
name: M1
service: ELECTRICITY
protocol: MODBUS
word_order: big
source: SunSpec model 203 at register 40070, read from the device
registers:
  - code: energy_import
    caption: {en: Energy imported, es: Energía importada}
    function: 4
    address: 72
    type: float32
    unit: KWH
    kind: CUMULATIVE
    decimals: 2
  - code: frequency
    caption: {en: Frequency, es: Frecuencia}
    function: 4
    address: 70
    type: float32
    unit: HZ
    kind: INSTANT
    decimals: 2
"""
DEVICE = {
    "manufacturer": "Acme",
    "name": "M1",
    "version": "1.0",
    "serial_number": "S-77",
    "models": [1, 203],
    "document": DOCUMENT,
}


def simulated(model: MeterModel) -> SimulatedMeter:
    """This will make a meter whose main counter shows 12345."""
    return SimulatedMeter(model, 1, lab.NOON, {orders.main_counter(model).code: SHOWN})


def marked(meter: SimulatedMeter) -> SimulatedMeter:
    """This will return the meter with the mark of SunSpec."""
    return dataclasses.replace(meter, unit=MARKED)


def answers(meter: SimulatedMeter, wanted: Iterable[Block]) -> dict[Block, str]:
    """This will return what a meter says to blocks; it refuses those that it does not have."""
    words: dict[tuple[int, int], int] = {}
    for register in meter.model.registers:
        for place, word in enumerate(modbus_registers.encode(register, meter.value(register, lab.NOON))):
            words[register.function, register.address + place] = word
    if meter.unit == MARKED:
        words |= {(3, 40_000): 0x5375, (3, 40_001): 0x6E53}
    found = {}
    for block in wanted:
        sent = [words.get((block.function, place)) for place in range(block.address, block.end)]
        found[block] = "".join(f"{word or 0:04x}" for word in sent) if None not in sent else ""
    return found


def play(organization_id: int, meters: Mapping[int, SimulatedMeter]) -> int:
    """This will answer all questions that wait as a collector whose bus has these meters; it returns how many."""
    with scoping.scope([organization_id], actor=ACTOR):
        taken = operations.take_probes(actor=ACTOR, at=clock.now(), real_at=clock.real_now())
        for each in taken:
            operations.answer_probe(
                actor=ACTOR,
                at=clock.now(),
                real_at=clock.real_now(),
                probe_id=each.probe_id,
                answer=_answer(each, meters),
            )
    return len(taken)


def answer(organization_id: int, given: operations.ProbeAnswer) -> None:
    """This will answer each question that waits in the same way; outside a scope."""
    with scoping.scope([organization_id], actor=ACTOR):
        for each in operations.take_probes(actor=ACTOR, at=clock.now(), real_at=clock.real_now()):
            operations.answer_probe(
                actor=ACTOR, at=clock.now(), real_at=clock.real_now(), probe_id=each.probe_id, answer=given
            )


def _answer(asked: operations.TakenProbe, meters: Mapping[int, SimulatedMeter]) -> operations.ProbeAnswer:
    if asked.until_unit is not None:
        there = tuple((unit, ()) for unit in sorted(meters) if asked.unit_id <= unit <= asked.until_unit)
        return operations.ProbeAnswer(took_ms=9, found=there, next_unit=asked.until_unit + 1)
    if asked.unit_id not in meters:
        return operations.ProbeAnswer(took_ms=9, problem=SILENCE)
    if asked.errand is values.Errand.SUNSPEC:
        return operations.ProbeAnswer(took_ms=9, device=DEVICE)
    return operations.ProbeAnswer(took_ms=9, answers=answers(meters[asked.unit_id], asked.blocks))


def found_on(bus: models.Bus) -> list[models.FoundMeter]:
    """This will return the meters that were found on a bus, by address; outside a scope."""
    with scoping.scope([bus.organization_id], actor=ACTOR):
        rows = models.FoundMeter.objects.filter(organization_id=bus.organization_id, commissioning__bus=bus)
        return list(rows.order_by("unit_id"))


def step(bus: models.Bus) -> None:
    """This will take the next step of a bus; outside a scope."""
    with scoping.scope([bus.organization_id], actor=ACTOR):
        operations.step_bus(actor=ACTOR, at=clock.now(), real_at=clock.real_now(), bus=bus.public_id, allowed=DEMO)


def searched(bus: models.Bus, meters: Mapping[int, SimulatedMeter]) -> None:
    """This will find and survey the meters among the first 12 addresses of a bus, and pass over the others."""
    step(bus)
    play(bus.organization_id, meters)
    with scoping.scope([bus.organization_id], actor=ACTOR):
        operations.stop_search(actor=ACTOR, at=clock.now(), bus=bus.public_id)
    step(bus)
    while not all(each.is_surveyed for each in found_on(bus)):
        play(bus.organization_id, meters)
        step(bus)


def found_meter(organization: identity_models.Organization) -> uuid.UUID:
    """This will find a meter at address 3 of a new bus, and return its public id; outside a scope."""
    bus = acquisition.bus(site=sites.site(organization=organization))
    step(bus)
    play(organization.pk, {3: simulated(documents.load("eastron_sdm630"))})
    step(bus)
    return found_on(bus)[0].public_id


def discovery(organization: identity_models.Organization) -> uuid.UUID:
    """This will ask a meter for its SunSpec models, and return the question's public id; outside a scope."""
    site = sites.site(organization=organization)
    with scoping.scope([organization.pk], actor=ACTOR):
        return operations.request_probe(
            actor=ACTOR,
            at=clock.now(),
            real_at=clock.real_now(),
            site=site.public_id,
            model_code="eastron_sdm630",
            place=operations.Place(unit_id=7, host="127.0.0.1"),
            allowed=DEMO,
            errand=values.Errand.SUNSPEC,
        )
