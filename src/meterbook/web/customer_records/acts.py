"""What is done on the page of a customer: contacts, consents, protection, papers."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meterbook.customers import lookups, permissions, records, values
from meterbook.documents import attachments, uploads
from meterbook.identity.values import Module
from meterbook.web import access, once, parameters
from meterbook.web.customer_records import forms, record

REFUSALS = (records.ConsentPresent, records.CustomerClosed, uploads.UploadRefused)
guard = access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)


@dataclass(frozen=True)
class Sent:
    """A form of the record by its name there; a refusal stands beside `field`, or above the form."""

    name: str
    form: django_forms.Form
    field: str | None = None


@require_POST
@guard
@once.carried_out_once
def add_contact(request: access.Request, customer: uuid.UUID) -> HttpResponse:
    """This will add somebody to ask."""
    found = record.find(customer)
    form = forms.ContactForm(request.POST, prefix="contact")

    def work() -> None:
        records.add_contact(actor=request.actor, at=request.at, customer=customer, facts=form.facts())

    return _keep(request, found, Sent("contact", form), work, _("The contact was added."))


@require_POST
@guard
def remove_contact(request: access.Request, customer: uuid.UUID, contact: uuid.UUID) -> HttpResponse:
    """This will remove somebody."""
    found = record.find(customer)
    if contact not in {each.public_id for each in found.contacts}:
        raise Http404(_("There is no such contact."))
    return _do(
        request,
        found,
        lambda: records.remove_contact(actor=request.actor, at=request.at, customer=customer, contact=contact),
        _("The contact was removed."),
    )


@require_POST
@guard
@once.carried_out_once
def give_consent(request: access.Request, customer: uuid.UUID) -> HttpResponse:
    """This will note what the customer agrees to."""
    found = record.find(customer)
    form = forms.ConsentForm(request.POST, prefix="consent")

    def work() -> None:
        records.give_consent(
            actor=request.actor,
            at=request.at,
            customer=customer,
            kind=values.ConsentKind(form.cleaned_data["kind"]),
            text_version=form.cleaned_data["text_version"],
        )

    return _keep(request, found, Sent("consent", form, "kind"), work, _("The consent was noted."))


@require_POST
@guard
def withdraw_consent(request: access.Request, customer: uuid.UUID, consent: uuid.UUID) -> HttpResponse:
    """This will end a consent."""
    found = record.find(customer)
    if consent not in {each.public_id for each in found.consents}:
        raise Http404(_("There is no such consent."))
    return _do(
        request,
        found,
        lambda: records.withdraw_consent(actor=request.actor, at=request.at, customer=customer, consent=consent),
        _("The consent was withdrawn."),
    )


@require_POST
@access.page(permission=permissions.KNOW_VULNERABILITY, module=Module.BILLING, by_site=True)
def note_vulnerability(request: access.Request, customer: uuid.UUID) -> HttpResponse:
    """This will note until when the customer must not be without supply, or end that (`clear`)."""
    found = record.find(customer)
    if "clear" in request.POST:
        return _do(
            request,
            found,
            lambda: records.clear_vulnerability(actor=request.actor, at=request.at, customer=customer),
            _("The protection was ended."),
        )
    form = forms.VulnerabilityForm(request.POST, prefix="care")

    def work() -> None:
        records.note_vulnerability(actor=request.actor, at=request.at, customer=customer, **form.cleaned_data)

    return _keep(request, found, Sent("vulnerability", form), work, _("The protection was noted."))


@require_POST
@guard
@once.carried_out_once
def add_paper(request: access.Request, customer: uuid.UUID) -> HttpResponse:
    """This will keep a PDF or a picture."""
    found = record.find(customer)
    form = forms.PaperForm(request.POST, request.FILES, prefix="paper")

    def work() -> None:
        sent = form.cleaned_data["paper"]
        records.add_file(
            actor=request.actor,
            at=request.at,
            customer=customer,
            name=parameters.written(sent.name or "", 150),
            content=sent.read(attachments.MOST_BYTES + 1),
        )

    return _keep(request, found, Sent("paper", form, "paper"), work, _("The document was added."))


@require_POST
@guard
def remove_paper(request: access.Request, customer: uuid.UUID, paper: uuid.UUID) -> HttpResponse:
    """This will remove a document."""
    found = record.find(customer)
    if paper not in {each.public_id for each in found.files}:
        raise Http404(_("There is no such document."))
    return _do(
        request,
        found,
        lambda: records.remove_file(actor=request.actor, at=request.at, customer=customer, file=paper),
        _("The document was removed."),
    )


def _keep(
    request: access.Request, found: lookups.CustomerDetail, sent: Sent, work: Callable[[], None], said: str
) -> HttpResponse:
    """What was sent, or the record again with what is wrong beside its field."""
    if sent.form.is_valid():
        try:
            work()
        except REFUSALS as error:
            sent.form.add_error(sent.field, str(error))
        else:
            return _done(request, found, said)
    return record.page(request, found, faulty={sent.name: sent.form}, status=422)


def _do(request: access.Request, found: lookups.CustomerDetail, work: Callable[[], None], said: str) -> HttpResponse:
    try:
        work()
    except records.CustomerClosed as error:
        messages.error(request, str(error))
        return redirect("customer", request.organization.public_id, found.public_id)
    return _done(request, found, said)


def _done(request: access.Request, found: lookups.CustomerDetail, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("customer", request.organization.public_id, found.public_id)
