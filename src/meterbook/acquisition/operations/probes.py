"""Test reads: asked for a meter that is not set up, taken by the collector, answered once, kept raw."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, models, networks, values
from meterbook.acquisition.commissioning import survey
from meterbook.acquisition.contract.frames import Block, Record
from meterbook.acquisition.library import documents
from meterbook.acquisition.values import Problem
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
from meterbook.foundation.tls import hosts
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models

PROBE = "probe"  # how the bus of notices calls it
MOST_BLOCKS = 200  # of one errand; what it does not reach in its time is asked by the next
MOST_OPEN = 5  # of an organization: a test read must not become a search of the owner's network
KEPT = timedelta(days=1)
OPEN = (values.RequestStatus.WAITING.value, values.RequestStatus.TAKEN.value)


class ProbeRefused(ValueError):
    """The test read cannot be asked for as it was described; `field` names what to correct, the message says how."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True)
class Place:
    """Where a meter may be found: the public id of a known bus, or a host and port; and its address there.

    `protocol` and `line` are those of a place without a bus; `host` of a serial port is its path. `secondary` is the
    address of an M-Bus meter by its number, as `values.secondary_address` returns it.
    """

    unit_id: int
    bus: uuid.UUID | None = None
    host: str = ""
    port: int = 502
    protocol: values.BusProtocol = values.BusProtocol.MODBUS_TCP
    line: values.LineSettings | None = None
    secondary: str = ""


@dataclass(frozen=True)
class TakenProbe:
    """A test read that a collector has taken and must answer before `expires_at` (real time).

    `types` are those of its organization; `document` is that of a type that is not among them yet.
    """

    probe_id: int
    organization_id: int
    bus_id: int | None
    host: str
    port: int
    timeout_ms: int
    unit_id: int
    model_code: str
    expires_at: datetime
    until_unit: int | None = None
    protocol: values.BusProtocol = values.BusProtocol.MODBUS_TCP
    line: values.LineSettings = values.AS_USUAL
    secondary: str = ""
    document: str = ""
    types: catalogue.Catalogue = catalogue.SHIPPED
    errand: values.Errand = values.Errand.READ
    blocks: tuple[Block, ...] = ()
    masks: tuple[str, ...] = ()

    @property
    def model(self) -> documents.MeterModel:
        """The meter type that is asked for."""
        return documents.read(self.document) if self.document else self.types.load(self.model_code)

    @property
    def address(self) -> int:
        """The number by which the driver of its line knows the meter."""
        return values.bus_address(self.unit_id, self.secondary)


@dataclass(frozen=True)
class ProbeAnswer:
    """What came back: frames as (request, response) in hex, the words of each register in hex, and what went wrong.

    A meter that names its values answers with `records`, and says who it is (`kin`, see `contract.frames.Frame`).

    :param took_ms: real milliseconds
    :param found: of a search, the addresses that answered with the codes of the models that fit
    :param next_unit: of a search, the first address that was not asked any more
    :param answers: of an errand that names blocks, what came of each, in hex; "" where the meter has none
    :param selected: of a search by numbers, the meters by their 16 digits, with the code of what is wrong, or ""
    :param rest: of a search by numbers, the masks that are left to try
    :param device: of a SunSpec device, who it is, its models, and the document of a meter type
    """

    took_ms: int
    frames: tuple[tuple[str, str], ...] = ()
    raw: Mapping[str, str] | None = None
    problem: Problem | None = None
    found: tuple[tuple[int, tuple[str, ...]], ...] = ()
    next_unit: int | None = None
    records: tuple[Record, ...] = ()
    kin: tuple[str, str, int, int] | None = None
    answers: Mapping[Block, str] | None = None
    device: Mapping[str, Any] | None = None
    selected: tuple[tuple[str, str], ...] = ()
    rest: tuple[str, ...] | None = None

    @property
    def is_failure(self) -> bool:
        """Whether nothing came that could be read."""
        has_come = self.raw or self.records or self.answers or self.device
        return not has_come and self.next_unit is None and self.rest is None

    def as_json(self) -> dict[str, Any]:
        """This will return what is stored."""
        search: dict[str, Any] = {}
        if self.next_unit is not None:
            search = {"found": [[unit, list(codes)] for unit, codes in self.found], "next_unit": self.next_unit}
        if self.rest is not None:
            search = {"selected": [list(each) for each in self.selected], "rest": list(self.rest)}
        named: dict[str, Any] = {}
        if self.records:
            rows = [[each.name, _text(each.number), each.unit, each.text, each.raw] for each in self.records]
            named = {"records": rows, "kin": list(self.kin) if self.kin is not None else None}
        if self.answers:
            named["answers"] = survey.Sent(self.answers).as_json()
        if self.device:
            named["device"] = dict(self.device)
        return (
            search
            | named
            | {
                "took_ms": self.took_ms,
                "frames": [list(each) for each in self.frames],
                "raw": dict(self.raw or {}),
                "problem": self.problem.as_json() if self.problem is not None else None,
            }
        )


@operation.operation
def request_probe(
    *,
    actor: Actor,
    at: datetime,
    real_at: datetime,
    site: uuid.UUID,
    model_code: str,
    place: Place,
    allowed: networks.AllowedNetworks,
    until_unit: int | None = None,
    document: str = "",
    errand: values.Errand = values.Errand.READ,
    blocks: Sequence[Block] = (),
    masks: Sequence[str] = (),
) -> uuid.UUID:
    """This will ask for a test read and return its public id. While the same question waits, that one is returned.

    :param real_at: the machine's present instant (`kernel.clock.real_now`); the question expires 15 s later
    :param allowed: what the platform's owner allowed
    :param until_unit: search the addresses from that of the place up to this one instead of reading one meter
    :param document: of a type that is not published yet, sound, and of the code `model_code`
    :param errand: what else the meter is asked than what its model has
    :param blocks: of `Errand.BLOCKS`, the registers to read; nothing but holding and input registers is ever asked
    :param masks: of `Errand.NUMBERS`, the secondary addresses with F for any to try, the latest first
    :raises ProbeRefused: naming the field (site, model_code, gateway, host, port, unit_id) that cannot be
    """
    found = _site(site)
    model = _model(model_code, document)
    asked: dict[str, Any] = {"site": found, "model_code": model_code, "document": document, "masks": list(masks)}
    asked |= {"errand": errand.value, "blocks": _readable(errand, blocks, model)}
    if until_unit is not None and model.protocol not in ("MODBUS", "MBUS"):
        raise ProbeRefused("model_code", _("These meters have no addresses that could be searched."))
    asked |= _where(place, _bus(found, place.bus), model, allowed)
    probes = models.Probe.objects.filter(organization_id=found.organization_id)
    probes.filter(requested_at__lt=at - KEPT).delete()
    waiting = probes.filter(status__in=OPEN, expires_at__gt=real_at)
    same = waiting.filter(until_unit=until_unit, **asked).first()
    if same is not None:
        return same.public_id
    if waiting.count() >= MOST_OPEN:
        raise ProbeRefused("unit_id", _("Several test reads wait for their answers; try again in a few seconds."))
    probe = models.Probe.objects.create(
        organization_id=found.organization_id,
        until_unit=until_unit,
        **asked,
        requested_by=actor.label,
        requested_at=at,
        expires_at=real_at + values.PROBE_LIFETIME,
    )
    told = ("host", "port", "unit_id", "model_code", *(("secondary",) if place.secondary else ()))
    after = {name: asked[name] for name in told} | ({} if until_unit is None else {"until_unit": until_unit})
    action = "acquisition:request_probe"
    audit_operations.record(actor=actor, at=at, action=action, subject=probe, before=None, after=after)
    foundation_bus.notify(PROBE, found.organization_id, [probe.pk])
    return probe.public_id


@operation.operation
def take_probes(*, actor: Actor, at: datetime, real_at: datetime) -> tuple[TakenProbe, ...]:
    """This will take the waiting test reads of all organizations of the scope; what has expired is marked so."""
    mine = models.Probe.objects.filter(organization_id__in=scoping.current().organizations)
    mine.filter(status__in=OPEN, expires_at__lte=real_at).update(status=values.RequestStatus.EXPIRED.value)
    waiting = list(
        mine.filter(status=values.RequestStatus.WAITING.value)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("bus")
        .order_by("id")
    )
    mine.filter(pk__in=[each.pk for each in waiting]).update(status=values.RequestStatus.TAKEN.value, taken_at=real_at)
    return tuple(
        TakenProbe(
            probe_id=each.pk,
            organization_id=each.organization_id,
            bus_id=each.bus_id,
            host=each.host,
            port=each.port,
            timeout_ms=each.bus.timeout_ms
            if each.bus is not None
            else values.usual_timeout_ms(values.BusProtocol(each.protocol)),
            unit_id=each.unit_id,
            model_code=each.model_code,
            expires_at=each.expires_at,
            until_unit=each.until_unit,
            protocol=values.BusProtocol(each.protocol),
            line=values.LineSettings.from_json(each.line),
            secondary=each.secondary,
            document=each.document,
            errand=values.Errand(each.errand),
            blocks=tuple(Block(*block) for block in each.blocks),
            masks=tuple(each.masks),
            types=catalogue.of(each.organization_id),
        )
        for each in waiting
    )


@operation.operation
def answer_probe(
    *, actor: Actor, at: datetime, real_at: datetime, probe_id: int, answer: ProbeAnswer
) -> values.RequestStatus:
    """This will give a test read its one answer and return how it stands; a late answer is dropped."""
    organization_id = scoping.current().organization_id
    probe = models.Probe.objects.select_for_update().get(organization_id=organization_id, pk=probe_id)
    status = values.RequestStatus(probe.status)
    if status.is_final:
        return status
    if probe.expires_at <= real_at:
        status = values.RequestStatus.EXPIRED
    else:
        status = values.RequestStatus.FAILED if answer.is_failure else values.RequestStatus.ANSWERED
        probe.answer, probe.answered_at = answer.as_json(), at
    probe.status = status.value
    probe.save(update_fields=["status", "answer", "answered_at"])
    return status


def _patience(protocol: str) -> int:
    return values.usual_timeout_ms(values.BusProtocol(protocol))


def _site(public_id: uuid.UUID) -> site_models.Site:
    sites = site_models.Site.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = sites.first()
    if found is None:
        raise ProbeRefused("site", _("There is no such site; choose another one."))
    return found


def _bus(site: site_models.Site, public_id: uuid.UUID | None) -> models.Bus | None:
    if public_id is None:
        return None
    buses = models.Bus.objects.filter(organization_id=site.organization_id, site=site, public_id=public_id)
    found = buses.first()
    if found is None:
        raise ProbeRefused("gateway", _("This gateway is not at the chosen site; choose one of that site."))
    return found


def _where(
    place: Place, bus: models.Bus | None, model: documents.MeterModel, allowed: networks.AllowedNetworks
) -> dict[str, Any]:
    """The fields of a test read that say where it goes, and over what kind of line."""
    protocol = values.BusProtocol(bus.protocol) if bus is not None else place.protocol
    _check(place, model, protocol)
    host, port = (bus.host, bus.port) if bus is not None else _dialed(place, allowed)
    line = place.line or values.usual_line(protocol)
    if bus is not None:
        line = values.LineSettings(bus.baud, values.Parity(bus.parity), bus.stop_bits, bus.pause_ms)
    return {
        "bus": bus,
        "host": host,
        "port": port,
        "protocol": protocol.value,
        "line": line.as_json(),
        "unit_id": values.BY_SELECTION if place.secondary else place.unit_id,
        "secondary": place.secondary,
    }


def _model(model_code: str, document: str) -> documents.MeterModel:
    if document:
        return documents.read(document)
    if model_code not in catalogue.current():
        raise ProbeRefused("model_code", _("Choose a meter model that the library has."))
    return catalogue.current().load(model_code)


def _readable(errand: values.Errand, blocks: Sequence[Block], model: documents.MeterModel) -> list[list[int]]:
    if errand in (values.Errand.BLOCKS, values.Errand.SUNSPEC) and model.protocol != "MODBUS":
        raise ProbeRefused("model_code", _("These meters have no registers with addresses."))
    has_all = 0 < len(blocks) <= MOST_BLOCKS if errand is values.Errand.BLOCKS else not blocks
    if not has_all or not all(survey.is_readable(each) for each in blocks):
        raise ProbeRefused("blocks", _("Name 1 to 200 blocks of holding or input registers, 1 to 125 words each."))
    return [[each.function, each.address, each.count] for each in blocks]


def _check(place: Place, model: documents.MeterModel, protocol: values.BusProtocol) -> None:
    if not protocol.is_asked:
        words = _("This device sends by itself and cannot be asked. Set it up: its next message shows its values.")
        raise ProbeRefused("gateway", words)
    if model.protocol != values.MODEL_PROTOCOL_OF[protocol]:
        raise ProbeRefused(
            "model_code", _("This model does not speak what is spoken on this line; choose another one.")
        )
    known = (values.secondary_address(place.secondary), values.ANY_NUMBER)
    if place.secondary and not (protocol.is_mbus and place.secondary in known):
        raise ProbeRefused("secondary", str(values.SECONDARY_HELP))
    if not place.secondary and place.unit_id not in values.unit_ids(protocol):
        raise ProbeRefused("unit_id", values.unit_help(protocol))


def _dialed(place: Place, allowed: networks.AllowedNetworks) -> tuple[str, int]:
    """Host and port of a place that no bus leads to."""
    if place.line is not None and not place.line.is_possible:
        raise ProbeRefused("protocol", _("Choose a speed, a parity and stop bits that are in the lists."))
    if place.protocol.is_serial:
        try:
            allowed.check_serial(place.host.strip())
        except networks.SerialPortNotAllowed as error:
            raise ProbeRefused("host", str(error)) from error
        return place.host.strip(), 0
    host = hosts.read(place.host)
    if host is None:
        raise ProbeRefused("host", _("Give the gateway's address or name alone, such as 192.168.10.4."))
    if place.port not in values.PORTS:
        raise ProbeRefused("port", _("The port lies between 1 and 65535; most gateways use 502."))
    try:
        allowed.check_host(host)
    except networks.NetworkNotAllowed as error:
        raise ProbeRefused("host", str(error)) from error
    return host, place.port


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"
