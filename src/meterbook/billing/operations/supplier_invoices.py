"""Enter, correct and withdraw suppliers' invoices; their lines become amounts of shared costs, once each."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import invoice_words, models
from meterbook.billing.calculating import pool_sheets
from meterbook.billing.pools import invoice_reading, invoices
from meterbook.documents import attachments
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models

MOST_FILES = 10
_STEM = 100  # characters of a file's name that are kept


class InvoiceNotFound(LookupError):
    """There is no such supplier's invoice in this organization."""


class InvoiceImpossible(ValueError):
    """A document is wrong; `problems` say where and why."""

    def __init__(self, words: str, problems: Sequence[invoices.InvoiceProblem] = ()) -> None:
        super().__init__(words)
        self.problems = tuple(problems)


class InvoiceTaken(ValueError):
    """The site has an invoice of this supplier and number already; correct that one."""


class InvoiceWithdrawn(ValueError):
    """The invoice was withdrawn; enter it anew under its own number if it counts after all."""


class TooManyInvoiceFiles(ValueError):
    """At most ten files hang at an invoice."""


@operation.operation
def enter_invoice(
    *, actor: Actor, at: datetime, site: uuid.UUID, document: Mapping[str, Any]
) -> models.SupplierInvoice:
    """This will keep an invoice of a supplier; lines that name a shared cost become amounts of it.

    :param document: "meterbook-supplier-invoice/1"
    :raises InvoiceNotFound: when there is no such site
    :raises InvoiceImpossible: when the document or what it names is wrong
    :raises InvoiceTaken: when the site has an invoice of that supplier and number
    """
    owner = scoping.current().organization_id
    place = site_models.Site.objects.filter(organization_id=owner, public_id=site).first()
    if place is None:
        raise InvoiceNotFound(_("There is no such site."))
    made = _read(document, place)
    found = models.SupplierInvoice(organization_id=owner, site=place, version=1)
    _fill(found, made)
    try:
        with transaction.atomic():
            found.save(force_insert=True)
    except IntegrityError as error:
        raise InvoiceTaken(_taken(made)) from error
    version = _keep(found, made, actor, at)
    _link(found, made, actor, at)
    audit_operations.record(
        actor=actor, at=at, action="billing:enter_invoice", subject=found, before=None, after=_facts(found, version)
    )
    return found


@operation.operation
def enter_invoices(
    *, actor: Actor, at: datetime, site: uuid.UUID, documents: Sequence[Mapping[str, Any]]
) -> list[models.SupplierInvoice]:
    """This will keep several invoices, all or none; see `enter_invoice`.

    :raises InvoiceImpossible: with the path of each fault beginning with the place of its invoice ("0/lines/3/amount")
    """
    found, problems, said = [], [], ""
    for place, each in enumerate(documents):
        try:
            found.append(enter_invoice(actor=actor, at=at, site=site, document=each))
        except InvoiceImpossible as error:
            said = said or str(error)
            problems += [
                invoices.InvoiceProblem(f"{place}/{problem.path}", problem.fault, problem.data)
                for problem in error.problems
            ]
    if said:
        raise InvoiceImpossible(invoice_words.told(problems) if problems else said, problems)
    return found


@operation.operation
def correct_invoice(
    *, actor: Actor, at: datetime, invoice: uuid.UUID, document: Mapping[str, Any], reason: str
) -> models.SupplierInvoice:
    """This will keep a further version of an invoice; the one before stays. Sheets that are closed tell what differs.

    :raises InvoiceNotFound: when there is no such invoice
    :raises InvoiceWithdrawn: when it was withdrawn
    :raises InvoiceImpossible: see `enter_invoice`
    :raises InvoiceTaken: see `enter_invoice`
    """
    found = _lock(invoice)
    before = _latest(found)
    made = _read(document, found.site)
    if pool_sheets.digest_of(invoices.write(made)) == before.digest:
        return found
    found.version += 1
    _fill(found, made)
    try:
        with transaction.atomic():
            found.save()
    except IntegrityError as error:
        raise InvoiceTaken(_taken(made)) from error
    version = _keep(found, made, actor, at, reason=reason)
    _link(found, made, actor, at)
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:correct_invoice",
        subject=found,
        before={"version": before.number, "total": before.document["total"], "digest": before.digest},
        after=_facts(found, version),
        reason=reason,
    )
    return found


@operation.operation
def withdraw_invoice(*, actor: Actor, at: datetime, invoice: uuid.UUID, reason: str) -> models.SupplierInvoice:
    """This will let an invoice count no more, as a further version; what it said stays readable.

    :raises InvoiceNotFound: when there is no such invoice
    :raises InvoiceWithdrawn: when it was withdrawn already
    """
    found = _lock(invoice)
    before = _latest(found)
    found.version += 1
    found.is_withdrawn = True
    found.save(update_fields=["version", "is_withdrawn"])
    models.SupplierInvoiceVersion.objects.create(
        organization_id=found.organization_id,
        invoice=found,
        site_id=found.site_id,
        number=found.version,
        document=before.document,
        digest=before.digest,
        is_withdrawn=True,
        reason=reason,
        saved_at=at,
        saved_by=actor.label,
    )
    _unlink(found, actor, at)
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:withdraw_invoice",
        subject=found,
        before={"version": before.number, "total": before.document["total"]},
        after={"version": found.version, "is_withdrawn": True},
        reason=reason,
    )
    return found


@operation.operation
def attach_invoice_file(
    *, actor: Actor, at: datetime, invoice: uuid.UUID, name: str, content: bytes
) -> models.SupplierInvoiceFile:
    """This will keep the paper of an invoice, a PDF or a picture.

    :raises InvoiceNotFound: when there is no such invoice
    :raises TooManyInvoiceFiles: when it has ten
    :raises meterbook.documents.uploads.UploadRefused: for anything else than a sound PDF or picture
    """
    found = _lock(invoice, with_withdrawn=True)
    if found.files.count() >= MOST_FILES:
        raise TooManyInvoiceFiles(_("At most %(most)s files hang at an invoice.") % {"most": MOST_FILES})
    sound = attachments.require_attachment(content)
    stem = name.rsplit(".", 1)[0][:_STEM] or "invoice"
    made = models.SupplierInvoiceFile.objects.create(
        organization_id=found.organization_id,
        invoice=found,
        site_id=found.site_id,
        name=f"{stem}.{sound.extension}",
        media_type=sound.media_type,
        content=sound.content,
        size=len(sound.content),
        digest=hashlib.sha256(sound.content).hexdigest(),
        added_at=at,
        added_by=actor.label,
    )
    after = {"name": made.name, "size": made.size, "digest": made.digest}
    audit_operations.record(
        actor=actor, at=at, action="billing:attach_invoice_file", subject=found, before=None, after=after
    )
    return made


def _read(document: Mapping[str, Any], site: site_models.Site) -> invoices.Invoice:
    made, problems = invoice_reading.read(document)
    if made is None:
        raise InvoiceImpossible(invoice_words.told(problems), problems)
    if made.currency != site.currency:
        words = _("The site counts in %(currency)s; an invoice in another currency cannot be divided there.")
        raise InvoiceImpossible(words % {"currency": site.currency})
    codes = {each.pool for each in made.lines if each.pool}
    pools = models.Pool.objects.filter(organization_id=site.organization_id, site=site, code__in=codes)
    unknown = codes - set(pools.order_by("id").values_list("code", flat=True))
    if unknown:
        words = _("The site has no shared cost of the code %(code)s.")
        raise InvoiceImpossible(words % {"code": min(unknown)})
    return made


def _fill(found: models.SupplierInvoice, made: invoices.Invoice) -> None:
    found.supplier, found.number, found.code, found.service = made.supplier, made.number, made.code, made.service
    found.days = DateRange(made.first_day, made.until_day, "[)")
    found.charged_days = DateRange(made.charged_first, made.charged_until, "[)")
    found.currency, found.total = made.currency, Decimal(made.total).scaleb(-made.places)
    found.quantity, found.unit = made.quantity, made.unit


def _keep(
    found: models.SupplierInvoice, made: invoices.Invoice, actor: Actor, at: datetime, *, reason: str = ""
) -> models.SupplierInvoiceVersion:
    plain = invoices.write(made)
    return models.SupplierInvoiceVersion.objects.create(
        organization_id=found.organization_id,
        invoice=found,
        site_id=found.site_id,
        number=found.version,
        document=plain,
        digest=pool_sheets.digest_of(plain),
        reason=reason,
        saved_at=at,
        saved_by=actor.label,
    )


def _link(found: models.SupplierInvoice, made: invoices.Invoice, actor: Actor, at: datetime) -> None:
    """Lines are amounts of their shared costs, each once; those of the version before count no more."""
    _unlink(found, actor, at)
    codes = {each.pool for each in made.lines if each.pool}
    pools = models.Pool.objects.filter(organization_id=found.organization_id, site_id=found.site_id, code__in=codes)
    by_code = {each.code: each for each in pools.order_by("id")}
    for each in by_code.values():
        _require_fitting(found, each)
    models.PoolEntry.objects.bulk_create(
        models.PoolEntry(
            organization_id=found.organization_id,
            pool=by_code[line.pool],
            site_id=found.site_id,
            days=found.charged_days,
            kind="INVOICE",
            text=line.text,
            reference=made.number,
            quantity=line.quantity,
            unit=line.unit,
            amount=Decimal(line.amount).scaleb(-made.places),
            invoice=found,
            line=place,
            line_kind=line.kind.value,
            entered_at=at,
            entered_by=actor.label,
        )
        for place, line in enumerate(made.lines)
        if line.pool
    )


def _unlink(found: models.SupplierInvoice, actor: Actor, at: datetime) -> None:
    entries = models.PoolEntry.objects.filter(organization_id=found.organization_id, invoice=found, withdrawn_at=None)
    entries.update(withdrawn_at=at, withdrawn_by=actor.label)


def _require_fitting(found: models.SupplierInvoice, pool: models.Pool) -> None:
    """Days that are divided already can take a late line only whole: a part of a sheet nobody can divide again."""
    sheets = models.PoolSheet.objects.filter(
        organization_id=pool.organization_id,
        pool=pool,
        is_replaced=False,
        is_put_off=False,
        days__overlap=found.charged_days,
        run__approved_at__isnull=False,
    )
    for days in sheets.order_by("days").values_list("days", flat=True):
        if not (days.lower <= found.charged_days.lower and found.charged_days.upper <= days.upper):
            words = _(
                "“%(pool)s” was divided from %(first)s to %(last)s: choose days of this time for which the lines count."
            )
            facts = {"pool": pool.name, "first": days.lower, "last": days.upper - timedelta(days=1)}
            raise InvoiceImpossible(words % facts)


def _lock(public_id: uuid.UUID, *, with_withdrawn: bool = False) -> models.SupplierInvoice:
    rows = models.SupplierInvoice.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = rows.select_for_update(of=("self",)).select_related("site").first()
    if found is None:
        raise InvoiceNotFound(_("There is no such supplier's invoice."))
    if found.is_withdrawn and not with_withdrawn:
        raise InvoiceWithdrawn(
            _("The invoice was withdrawn. Enter it anew under its own number if it counts after all.")
        )
    return found


def _latest(found: models.SupplierInvoice) -> models.SupplierInvoiceVersion:
    return models.SupplierInvoiceVersion.objects.get(
        organization_id=found.organization_id, invoice=found, number=found.version
    )


def _taken(made: invoices.Invoice) -> str:
    words = _("The site has the invoice %(number)s of %(supplier)s already: correct that one.")
    return words % {"number": made.number, "supplier": made.supplier}


def _facts(found: models.SupplierInvoice, version: models.SupplierInvoiceVersion) -> dict[str, object]:
    return {
        "supplier": found.supplier,
        "number": found.number,
        "first_day": found.days.lower,
        "until_day": found.days.upper,
        "total": version.document["total"],
        "version": version.number,
        "digest": version.digest,
    }
