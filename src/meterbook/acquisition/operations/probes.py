"""Test reads: asked for a meter that is not set up, taken by the collector, answered once, kept raw."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from meterbook.acquisition import models, networks, values
from meterbook.acquisition.library import documents
from meterbook.acquisition.values import Problem
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models

PROBE = "probe"  # how the bus of notices calls it
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
    """Where a meter may be found: the public id of a known bus, or a host and port; and its address there."""

    unit_id: int
    bus: uuid.UUID | None = None
    host: str = ""
    port: int = 502


@dataclass(frozen=True)
class TakenProbe:
    """A test read that a collector has taken and must answer before `expires_at` (real time)."""

    probe_id: int
    organization_id: int
    bus_id: int | None
    host: str
    port: int
    timeout_ms: int
    unit_id: int
    model_code: str
    expires_at: datetime


@dataclass(frozen=True)
class ProbeAnswer:
    """What came back: frames as (request, response) in hex, the words of each register in hex, and what went wrong.

    :param took_ms: real milliseconds
    """

    took_ms: int
    frames: tuple[tuple[str, str], ...] = ()
    raw: Mapping[str, str] | None = None
    problem: Problem | None = None

    @property
    def is_failure(self) -> bool:
        """Whether nothing came that could be read."""
        return not self.raw

    def as_json(self) -> dict[str, Any]:
        """This will return what is stored."""
        return {
            "took_ms": self.took_ms,
            "frames": [list(each) for each in self.frames],
            "raw": dict(self.raw or {}),
            "problem": self.problem.as_json() if self.problem is not None else None,
        }


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
) -> uuid.UUID:
    """This will ask for a test read and return its public id. While the same question waits, that one is returned.

    :param real_at: the machine's present instant (`kernel.clock.real_now`); the question expires 15 s later
    :param allowed: what the platform's owner allowed
    :raises ProbeRefused: naming the field (site, model_code, gateway, host, port, unit_id) that cannot be
    """
    found = _site(site)
    bus = _bus(found, place.bus)
    _check(place, model_code, is_new=bus is None, allowed=allowed)
    host, port = (bus.host, bus.port) if bus is not None else (place.host.strip(), place.port)
    probes = models.Probe.objects.filter(organization_id=found.organization_id)
    probes.filter(requested_at__lt=at - KEPT).delete()
    waiting = probes.filter(status__in=OPEN, expires_at__gt=real_at)
    same = waiting.filter(
        site=found, bus=bus, host=host, port=port, unit_id=place.unit_id, model_code=model_code
    ).first()
    if same is not None:
        return same.public_id
    if waiting.count() >= MOST_OPEN:
        raise ProbeRefused("unit_id", _("Several test reads wait for their answers; try again in a few seconds."))
    probe = models.Probe.objects.create(
        organization_id=found.organization_id,
        site=found,
        bus=bus,
        host=host,
        port=port,
        unit_id=place.unit_id,
        model_code=model_code,
        requested_by=actor.label,
        requested_at=at,
        expires_at=real_at + values.PROBE_LIFETIME,
    )
    after = {"host": host, "port": port, "unit_id": place.unit_id, "model_code": model_code}
    audit_operations.record(
        actor=actor, at=at, action="acquisition:request_probe", subject=probe, before=None, after=after
    )
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
            timeout_ms=each.bus.timeout_ms if each.bus is not None else 1000,
            unit_id=each.unit_id,
            model_code=each.model_code,
            expires_at=each.expires_at,
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


def _check(place: Place, model_code: str, *, is_new: bool, allowed: networks.AllowedNetworks) -> None:
    if model_code not in documents.codes():
        raise ProbeRefused("model_code", _("Choose a meter model that the library has."))
    if place.unit_id not in values.UNIT_IDS:
        raise ProbeRefused("unit_id", _("The unit address lies between 1 and 247, as it is set at the meter."))
    if not is_new:
        return
    host = place.host.strip()
    if not host or len(host) > 253 or any(each.isspace() or each in "/@" for each in host):
        raise ProbeRefused("host", _("Give the gateway's address or name alone, such as 192.168.10.4."))
    if place.port not in values.PORTS:
        raise ProbeRefused("port", _("The port lies between 1 and 65535; most gateways use 502."))
    try:
        allowed.check_host(host)
    except networks.NetworkNotAllowed as error:
        raise ProbeRefused("host", str(error)) from error
