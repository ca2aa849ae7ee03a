"""Read a meter that was found until it is known which it is, and keep what somebody chose and typed about it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, commissionings, models, networks, values
from meterbook.acquisition.commissioning import ranking, survey
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.operations import errands
from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

MOST_BLOCKS = 60  # of one question of a survey
COMMISSIONING_SCALES = ("0.001", "0.01", "0.1", "1", "10", "100", "1000")
LONGEST_NOTE, MOST_NOTES = 200, 30


class ChoiceRefused(ValueError):
    """What was chosen cannot be; `field` names what to correct, the message says how."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@operation.operation
def survey_meter(
    *,
    actor: Actor,
    at: datetime,
    real_at: datetime,
    found: uuid.UUID,
    allowed: networks.AllowedNetworks,
    again: bool = False,
    errand: values.Errand = values.Errand.BLOCKS,
) -> models.FoundMeter:
    """This will take what the latest question to a meter brought, and ask the next one until all is known.

    :param again: read everything anew; what was chosen and typed stays
    :param errand: `BLOCKS` for all types of the library, `SUNSPEC` for the models that the device says it has
    :raises commissionings.CommissioningNotFound: when it is not there
    :raises probes.ProbeRefused: when nothing can be asked now
    """
    row = _found(found)
    _take_answer(row, at=at, real_at=real_at)
    if row.question is None and again:
        row.answers, row.records, row.kin, row.device, row.is_surveyed = {}, [], None, None, False
    if again or errand is values.Errand.SUNSPEC:
        row.problem = None
    is_wanted = errand is values.Errand.SUNSPEC or not row.is_surveyed
    if row.question is None and not row.problem and is_wanted:
        row.question, row.errand = _next(row, actor=actor, at=at, real_at=real_at, allowed=allowed, errand=errand)
    row.save()
    return row


@operation.operation
def note_choice(
    *,
    actor: Actor,
    at: datetime,
    found: uuid.UUID,
    model_code: str,
    byte_order: str,
    scale: str,
    notes: Mapping[str, str],
) -> models.FoundMeter:
    """This will keep what somebody chose and typed about a meter that was found; the same again changes nothing.

    :param notes: the texts of fields by their names, as they were typed
    :raises ChoiceRefused: naming the field (model_code, byte_order, scale, notes) that cannot be
    :raises commissionings.CommissioningNotFound: when it is not there
    """
    row = _found(found)
    if model_code and model_code not in catalogue.current():
        raise ChoiceRefused("model_code", _("Choose a meter model that the library has."))
    if byte_order not in values.BYTE_ORDERS:
        raise ChoiceRefused("byte_order", _("Choose one of the orders of bytes that are listed."))
    if scale not in COMMISSIONING_SCALES:
        raise ChoiceRefused("scale", _("Choose one of the scales that are listed."))
    if len(notes) > MOST_NOTES or any(len(each) > LONGEST_NOTE for each in notes.values()):
        raise ChoiceRefused("notes", _("Write less: a field holds at most 200 letters."))
    before = _chosen(row)
    row.model_code, row.byte_order, row.scale = model_code, byte_order, scale
    row.notes = {name: text for name, text in notes.items() if text}
    after = _chosen(row)
    if after == before:
        return row
    row.save(update_fields=["model_code", "byte_order", "scale", "notes"])
    audit_operations.record(
        actor=actor, at=at, action="acquisition:note_found_meter", subject=row, before=before, after=after
    )
    return row


def _chosen(row: models.FoundMeter) -> dict[str, object]:
    chosen = {"model_code": row.model_code, "byte_order": row.byte_order, "scale": row.scale, "notes": dict(row.notes)}
    return {"unit_id": row.unit_id, **({"secondary": row.secondary} if row.secondary else {}), **chosen}


def _found(public_id: uuid.UUID) -> models.FoundMeter:
    rows = models.FoundMeter.objects.filter(organization_id=scoping.current().organization_id)
    row = rows.select_for_update(of=("self",)).select_related("commissioning__bus").filter(public_id=public_id).first()
    if row is None:
        raise commissionings.CommissioningNotFound(commissionings.CommissioningNotFound.__doc__)
    return row


def _take_answer(row: models.FoundMeter, *, at: datetime, real_at: datetime) -> None:
    came = errands.answered(row.question, real_at) if row.question is not None else None
    if came is None:
        return
    answer, row.problem = came
    row.question = None
    if row.errand == values.Errand.SUNSPEC:
        row.device = answer.get("device") or row.device or {}
        if not row.is_surveyed and answer:
            row.problem = None  # the mark alone makes no meter: the types of the library are tried all the same
    elif row.commissioning.bus.protocol.startswith("MBUS"):
        row.records, row.kin = answer.get("records", []), answer.get("kin")
        row.is_surveyed = bool(row.records)
    else:
        more = answer.get("answers", {})
        if not more and not row.problem:
            row.problem = (errands.OUTDATED if answer.get("raw") else errands.NOTHING).as_json()
        row.answers = {**row.answers, **more}
    row.surveyed_at = at


def _next(
    row: models.FoundMeter,
    *,
    actor: Actor,
    at: datetime,
    real_at: datetime,
    allowed: networks.AllowedNetworks,
    errand: values.Errand,
) -> tuple[uuid.UUID | None, str]:
    blocks: tuple[Block, ...] = ()
    if values.BusProtocol(row.commissioning.bus.protocol).is_mbus:
        errand = values.Errand.READ
    elif errand is values.Errand.BLOCKS:
        models_known = catalogue.current().offered(is_demo=settings.IS_DEMO)
        sent = survey.Sent.from_json(row.answers)
        blocks = ranking.following(models_known, sent)[:MOST_BLOCKS]
        if sent.has_mark and row.device is None:  # who it says it is goes before what its numbers look like
            errand, blocks = values.Errand.SUNSPEC, ()
        elif not blocks:
            row.is_surveyed = True
            return None, ""
    asked = errands.ask(
        actor=actor,
        at=at,
        real_at=real_at,
        bus=row.commissioning.bus,
        unit=row.unit_id,
        secondary=row.secondary,
        allowed=allowed,
        errand=errand,
        blocks=blocks,
    )
    return asked, errand.value
