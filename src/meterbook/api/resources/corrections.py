"""Bills calculated again, what is decided about them, and credit notes."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from ninja import Router

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import correction_shapes as shapes
from meterbook.api.resources import reach
from meterbook.billing import permissions
from meterbook.billing.operations import correcting, correction_rules, crediting, recalculating
from meterbook.billing.queries import corrections as correction_queries
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.documents import queries as document_queries
from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module
from meterbook.tariffs import queries as tariff_queries

router = Router(tags=["Corrections"])
MOST = 500


@endpoint(
    router,
    "POST",
    "/recalculations",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Recalculation,
    status=202,
)
def recalculate(request: entry.Request, given: shapes.NewRecalculation) -> shapes.Recalculation:
    """This will calculate bills again; nothing of them changes. Many are compared by a job: ask again for the rest."""
    if given.site is not None:
        reach.site(request, given.site, permissions.MANAGE_RUN)
    made = recalculating.ask_recalculation(
        actor=request.caller.actor,
        at=request.caller.at,
        mode=given.mode,
        scope=recalculating.Scope(
            account=given.account,
            run=given.run,
            site=given.site,
            first_day=given.first_day,
            until_day=given.until_day,
        ),
        version=given.tariff_version,
    )
    return _recalculation(made.public_id)


@endpoint(
    router,
    "GET",
    "/recalculations/{uuid:recalculation}",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.Recalculation,
)
def get_recalculation(request: entry.Request, recalculation: uuid.UUID) -> shapes.Recalculation:
    """This will return a recalculation, bills that differ first."""
    return _recalculation(recalculation)


@endpoint(
    router,
    "POST",
    "/bills/{uuid:bill}/correction",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.BillCorrection,
    status=201,
)
def decide_about_bill(request: entry.Request, bill: uuid.UUID, given: shapes.BillDecision) -> shapes.BillCorrection:
    """This will keep a bill, or propose a credit note and a new bill, which a second person approves."""
    decide = correcting.keep_bill if given.keep else correcting.propose_correction
    made = decide(actor=request.caller.actor, at=request.caller.at, bill=bill, reason=given.reason)
    return shapes.correction(correction_queries.get_correction(public_id=made.public_id))


@endpoint(
    router,
    "GET",
    "/corrections",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    answers=shapes.BillCorrections,
)
def list_corrections(request: entry.Request) -> shapes.BillCorrections:
    """This will return decisions about bills, five hundred at most."""
    return shapes.BillCorrections(
        items=[shapes.correction(each) for each in correction_queries.list_corrections(limit=MOST)]
    )


@endpoint(
    router,
    "GET",
    "/corrections/{uuid:correction}",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.BillCorrection,
)
def get_correction(request: entry.Request, correction: uuid.UUID) -> shapes.BillCorrection:
    """This will return a decision about a bill."""
    return shapes.correction(correction_queries.get_correction(public_id=correction))


@endpoint(
    router,
    "POST",
    "/corrections/{uuid:correction}/approve",
    permission=permissions.APPROVE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.CreditNote,
    status=201,
)
def approve_correction(request: entry.Request, correction: uuid.UUID) -> shapes.CreditNote:
    """This will issue the credit note and the new bill."""
    note = correcting.approve_correction(actor=request.caller.actor, at=request.caller.at, correction=correction)
    return shapes.note(note_queries.get_credit_note(public_id=note.public_id))


@endpoint(
    router,
    "POST",
    "/corrections/{uuid:correction}/reject",
    permission=permissions.APPROVE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.BillCorrection,
)
def reject_correction(request: entry.Request, correction: uuid.UUID, given: shapes.Reasoned) -> shapes.BillCorrection:
    """This will leave the bill as it is."""
    correcting.reject_correction(
        actor=request.caller.actor, at=request.caller.at, correction=correction, reason=given.reason
    )
    return shapes.correction(correction_queries.get_correction(public_id=correction))


@endpoint(
    router,
    "GET",
    "/credit-notes/{uuid:credit_note}",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=shapes.CreditNote,
)
def get_credit_note(request: entry.Request, credit_note: uuid.UUID) -> shapes.CreditNote:
    """This will return a credit note."""
    return shapes.note(note_queries.get_credit_note(public_id=credit_note))


@endpoint(
    router,
    "GET",
    "/credit-notes/{uuid:credit_note}/data",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=dict[str, Any],
)
def get_credit_note_data(request: entry.Request, credit_note: uuid.UUID) -> HttpResponse:
    """This will return the content of a credit note, "meterbook-credit-note/1", byte for byte."""
    data = note_queries.credit_note_bytes(public_id=credit_note)
    return HttpResponse(data, content_type="application/json")


@endpoint(
    router,
    "GET",
    "/credit-notes/{uuid:credit_note}/pdf",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=None,
)
def get_credit_note_pdf(request: entry.Request, credit_note: uuid.UUID) -> HttpResponse:
    """This will return the PDF of a credit note: made when first asked for, the same bytes ever after."""
    file = crediting.issue_pdf(actor=request.caller.actor, at=request.caller.at, note=credit_note)
    row, content = document_queries.file_content(public_id=file.public_id)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}"'}
    return HttpResponse(content, content_type=row.media_type, headers=headers)


@endpoint(
    router,
    "GET",
    "/correction-rules",
    permission=identity_permissions.VIEW_ORGANIZATION,
    module=Module.BILLING,
    answers=shapes.CorrectionRules,
)
def get_correction_rules(request: entry.Request) -> shapes.CorrectionRules:
    """This will return the limits of corrections and disputes."""
    return _rules()


@endpoint(
    router,
    "PUT",
    "/correction-rules",
    permission=identity_permissions.EDIT_ORGANIZATION,
    module=Module.BILLING,
    answers=shapes.CorrectionRules,
)
def change_correction_rules(request: entry.Request, given: shapes.NewCorrectionRules) -> shapes.CorrectionRules:
    """This will set the limits; they hold for what is proposed or opened from then on."""
    rules = correction_queries.Rules(**given.model_dump())
    correction_rules.change_rules(actor=request.caller.actor, at=request.caller.at, rules=rules)
    return _rules()


def _rules() -> shapes.CorrectionRules:
    return shapes.CorrectionRules(**vars(correction_queries.correction_rules()))


def _recalculation(public_id: uuid.UUID) -> shapes.Recalculation:
    found = correction_queries.get_recalculation(public_id=public_id)
    known = {} if found.version_id is None else tariff_queries.version_names(ids=[found.version_id])
    version = None if found.version_id is None else known.get(found.version_id)
    return shapes.Recalculation(
        id=found.public_id,
        mode=found.mode,
        version=None if version is None else version.public_id,
        asked_at=values.instant(found.asked_at),
        asked_by=found.asked_by,
        bills=found.bills,
        done=found.done,
        before=values.money(found.before),
        now=values.money(found.now),
        items=[shapes.result(each) for each in correction_queries.results_of(recalculation_id=found.id, limit=MOST)],
    )
