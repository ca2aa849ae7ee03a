"""What shared costs and suppliers' invoices refuse, and how programs are told."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from meterbook.api import problems
from meterbook.billing import invoice_files, invoice_words, pool_words
from meterbook.billing.operations import pool_deciding, pool_rebilling, pool_swapping
from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.operations import supplier_invoices as invoice_operations
from meterbook.billing.queries import pool_rebills
from meterbook.billing.queries import pools as pool_queries
from meterbook.billing.queries import supplier_invoices as invoice_queries

NOT_FOUND, TAKEN, STATE, INVALID = (404, "not_found"), (409, "taken"), (409, "state"), (422, "invalid")
KINDS: Mapping[type[Exception], tuple[int, str]] = {
    invoice_files.FileUnreadable: INVALID,
    invoice_operations.InvoiceNotFound: NOT_FOUND,
    invoice_operations.InvoiceTaken: TAKEN,
    invoice_operations.InvoiceWithdrawn: STATE,
    invoice_operations.TooManyInvoiceFiles: STATE,
    invoice_queries.InvoiceNotFound: NOT_FOUND,
    pool_deciding.PoolNotWaiting: STATE,
    pool_operations.AmountImpossible: INVALID,
    pool_operations.CarryRefused: STATE,
    pool_operations.EntryNotFound: NOT_FOUND,
    pool_operations.LandlordMissing: STATE,
    pool_operations.NothingToCarry: STATE,
    pool_operations.PoolCodeTaken: TAKEN,
    pool_operations.PoolNotFound: NOT_FOUND,
    pool_operations.SheetNotFound: NOT_FOUND,
    pool_queries.PoolNotFound: NOT_FOUND,
    pool_queries.SheetNotFound: NOT_FOUND,
    pool_rebilling.RebillDecided: STATE,
    pool_rebilling.RebillNeedsAnother: (403, "second_person"),
    pool_rebilling.RebillNotFound: NOT_FOUND,
    pool_rebilling.RebillOutdated: STATE,
    pool_rebilling.RebillPresent: TAKEN,
    pool_rebills.RebillNotFound: NOT_FOUND,
    pool_swapping.NothingToRebill: STATE,
    pool_swapping.RebillBlocked: STATE,
    pool_swapping.SheetNotFound: NOT_FOUND,
}


def _of_pool(request: HttpRequest, error: pool_operations.PoolImpossible) -> HttpResponse:
    errors = [(f"/body/document/{each.path}", pool_words.fault(each)) for each in error.problems]
    errors = errors or [("/body/document", str(error))]
    words = _("The document of the shared cost cannot be used; each error names its place.")
    return problems.answer(request, problems.Problem(422, "pool_invalid", words, errors=errors))


def _of_invoice(request: HttpRequest, error: invoice_operations.InvoiceImpossible) -> HttpResponse:
    errors = [(f"/body/document/{each.path}", invoice_words.fault(each)) for each in error.problems]
    errors = errors or [("/body/document", str(error))]
    words = _("The document of the supplier's invoice cannot be used; each error names its place.")
    return problems.answer(request, problems.Problem(422, "invoice_invalid", words, errors=errors))


HANDLERS: Mapping[type[Exception], problems.Handler] = {
    pool_operations.PoolImpossible: _of_pool,
    invoice_operations.InvoiceImpossible: _of_invoice,
}
