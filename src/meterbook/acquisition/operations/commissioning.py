"""Commission a bus: search its addresses, survey what answers there, keep what somebody chose and typed about it.

Each step takes what came of the question before and asks the next one; whoever watches takes the steps, so that nothing
is asked when nobody looks. What came is kept with the bus, and whoever comes back goes on where it stood.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from meterbook.acquisition import commissionings, models, networks, values
from meterbook.acquisition.operations import devices, errands, surveying
from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.foundation.tls import hosts
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models

PART = 12  # addresses of one question; a silent one costs up to 0.6 s


@operation.operation
def add_bus(
    *,
    actor: Actor,
    at: datetime,
    site: uuid.UUID,
    name: str,
    host: str,
    port: int,
    protocol: values.BusProtocol,
    line: values.LineSettings,
    allowed: networks.AllowedNetworks,
) -> uuid.UUID:
    """This will add a bus on which nothing hangs yet, and return its public id.

    :raises surveying.ChoiceRefused: naming the field (site, gateway_name, host) that cannot be
    """
    sites = site_models.Site.objects.filter(organization_id=scoping.current().organization_id, public_id=site)
    place = sites.first()
    if place is None:
        raise surveying.ChoiceRefused("site", _("There is no such site; choose another one."))
    if protocol not in commissionings.LINES:
        raise surveying.ChoiceRefused(
            "protocol", _("The meters of such a line have no addresses that could be searched.")
        )
    where = (host.strip(), 0) if protocol.is_serial else (hosts.read(host) or "", port)
    buses = models.Bus.objects.filter(organization_id=place.organization_id, site=place, gateway=None)
    there = buses.filter(host=where[0], port=where[1]).first()
    if there is not None:  # two buses to one gateway would ask it two questions at once
        words = _("Gateway “%(name)s” has this address already; choose it.")
        raise surveying.ChoiceRefused("host", words % {"name": there.name})
    try:
        made = devices.create_bus(
            actor=actor,
            at=at,
            site=place,
            name=name,
            host=host,
            port=port,
            protocol=protocol,
            line=line,
            allowed=allowed,
        )
    except devices.AddressTaken as error:
        raise surveying.ChoiceRefused("gateway_name", str(error)) from error
    except (devices.BusMisconfigured, networks.NetworkNotAllowed, networks.SerialPortNotAllowed) as error:
        raise surveying.ChoiceRefused("host", str(error)) from error
    return made.public_id


@operation.operation
def search_bus(
    *,
    actor: Actor,
    at: datetime,
    real_at: datetime,
    bus: uuid.UUID,
    allowed: networks.AllowedNetworks,
    go_on: bool = False,
    again: bool = False,
    by_number: bool | None = None,
) -> models.Commissioning:
    """This will take what the latest part of a search brought, and ask for the next part where it is not over.

    The first call begins. A search that was stopped, or that stands because of a problem, goes on with `go_on`.

    :param real_at: the machine's present instant (`kernel.clock.real_now`)
    :param again: ask every address once more; what was found before stays
    :param by_number: search an M-Bus line by the numbers of its meters from now on, or by addresses; None: as before
    :raises commissionings.CommissioningNotFound: when the bus is not there, or its meters have no addresses
    :raises probes.ProbeRefused: when nothing can be asked now
    """
    state = commissionings.get_search_of_bus(bus=bus)
    row = _begun(actor, at, state)
    _take_part(row, at=at, real_at=real_at)
    if by_number is not None and state.bus.protocol.is_mbus and row.search is None:
        row.pending = [values.ANY_NUMBER] if by_number else None
    if again and row.search is None:
        row.next_unit = state.addresses[0]
        row.pending = row.pending if row.pending is None else [values.ANY_NUMBER]
    if go_on or again:
        row.is_stopped, row.problem = False, None
    if row.search is None and not row.is_stopped and not row.problem:
        row.search = _ask_part(row, state.addresses, {"actor": actor, "at": at, "real_at": real_at, "allowed": allowed})
    row.save(update_fields=["next_unit", "search", "is_stopped", "problem", "pending"])
    return row


def _ask_part(row: models.Commissioning, addresses: range, given: dict[str, Any]) -> uuid.UUID | None:
    """The next part of the search that is on; None when it is over."""
    if row.pending is not None:
        if not row.pending:
            return None
        masks, unit = tuple(row.pending), values.BY_SELECTION
        return errands.ask(bus=row.bus, unit=unit, masks=masks, errand=values.Errand.NUMBERS, **given)
    if row.next_unit > addresses[-1]:
        return None
    until = min(addresses[-1], row.next_unit + PART - 1)
    return errands.ask(bus=row.bus, unit=row.next_unit, until_unit=until, errand=values.Errand.PRESENCE, **given)


@operation.operation
def step_bus(
    *,
    actor: Actor,
    at: datetime,
    real_at: datetime,
    bus: uuid.UUID,
    allowed: networks.AllowedNetworks,
    go_on: bool = False,
    again: bool = False,
    by_number: bool | None = None,
) -> None:
    """This will take the next step of a bus: its addresses, and when none is left to ask, the meters found there.

    Meters that are set up already are not surveyed. See `search_bus` for what is given and raised.
    """
    row = search_bus(
        actor=actor,
        at=at,
        real_at=real_at,
        bus=bus,
        allowed=allowed,
        go_on=go_on,
        again=again,
        by_number=by_number,
    )
    waiting = next(iter(commissionings.list_unknown(bus=bus)), None) if row.search is None else None
    if waiting is not None:
        surveying.survey_meter(actor=actor, at=at, real_at=real_at, found=waiting.public_id, allowed=allowed)


@operation.operation
def stop_search(*, actor: Actor, at: datetime, bus: uuid.UUID) -> None:
    """This will end a search where it stands; the part that is on its way is still taken by the next step.

    :raises commissionings.CommissioningNotFound: when the bus is not there
    """
    state = commissionings.get_search_of_bus(bus=bus)
    row = _begun(actor, at, state)
    row.is_stopped = True
    row.save(update_fields=["is_stopped"])


def _begun(actor: Actor, at: datetime, state: commissionings.SearchState) -> models.Commissioning:
    organization_id = scoping.current().organization_id
    row, is_new = models.Commissioning.objects.filter(organization_id=organization_id).get_or_create(
        bus_id=state.bus.id,
        defaults={
            "organization_id": organization_id,
            "next_unit": state.addresses[0],
            "begun_at": at,
            "begun_by": actor.label[:200],
        },
    )
    if is_new:
        audit_operations.record(
            actor=actor,
            at=at,
            action="acquisition:begin_commissioning",
            subject=row,
            before=None,
            after={"bus": state.bus.name},
        )
    held = models.Commissioning.objects.filter(organization_id=organization_id).select_for_update(of=("self",))
    return held.select_related("bus").get(pk=row.pk)


def _take_part(row: models.Commissioning, *, at: datetime, real_at: datetime) -> None:
    came = errands.answered(row.search, real_at) if row.search is not None else None
    if came is None:
        return
    answer, row.problem = came
    row.search = None
    if row.pending is not None:
        _take_numbers(row, answer, at)
        return
    following = answer.get("next_unit")
    if following is not None and following <= row.next_unit and not row.problem:
        row.problem = errands.NOTHING.as_json()
    row.next_unit = max(row.next_unit, following or 0)
    for unit, _codes in answer.get("found", ()):
        models.FoundMeter.objects.filter(organization_id=row.organization_id).get_or_create(
            commissioning=row, unit_id=unit, defaults={"organization_id": row.organization_id, "found_at": at}
        )


def _take_numbers(row: models.Commissioning, answer: Mapping[str, Any], at: datetime) -> None:
    """What is left takes the place of the masks that were asked; a part that failed is asked again."""
    if "rest" not in answer:
        row.problem = row.problem or errands.OUTDATED.as_json()
        return
    row.pending = list(answer["rest"])
    for address, fault in answer["selected"]:
        values_of = {"organization_id": row.organization_id, "found_at": at}
        if fault:
            values_of["problem"] = _same_number(address).as_json()
        models.FoundMeter.objects.filter(organization_id=row.organization_id).get_or_create(
            commissioning=row, unit_id=values.BY_SELECTION, secondary=address, defaults=values_of
        )


def _same_number(address: str) -> values.Problem:
    number = address[:8]
    words = f"several meters answer to the number {number}"
    return values.Problem("SAME_NUMBER", words, "Take all but one off the line, then search again.", {"number": number})
