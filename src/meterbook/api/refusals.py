"""What the operations and queries refuse, by name, and how programs are told.

Each class stands here once; what is not here is a failure of ours (500, with its stack in the log).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from meterbook.acquisition import networks
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import queries as acquisition_queries
from meterbook.alarms import queries as alarm_queries
from meterbook.api import problems
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.customers import operations as customer_operations
from meterbook.customers import queries as customer_queries
from meterbook.documents import uploads
from meterbook.identity import queries as identity_queries
from meterbook.journeys import add_meter
from meterbook.kernel import currency
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.importing.problems import FileInvalid
from meterbook.sites import operations as site_operations
from meterbook.sites import queries as site_queries
from meterbook.tariffs import operations as tariff_operations
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs.rating.problems import TariffInvalid

NOT_FOUND, TAKEN, STATE, INVALID = (404, "not_found"), (409, "taken"), (409, "state"), (422, "invalid")
KINDS: Mapping[type[Exception], tuple[int, str]] = {
    acquisition_operations.DeviceNotAsked: STATE,
    acquisition_queries.DeviceNotFound: NOT_FOUND,
    acquisition_queries.RequestNotFound: NOT_FOUND,
    alarm_queries.AlarmNotFound: NOT_FOUND,
    billing_operations.HeldRemain: STATE,
    billing_operations.MemberNotFound: STATE,
    billing_operations.NotInReview: STATE,
    billing_operations.NothingLeft: STATE,
    billing_operations.NothingToIssue: STATE,
    billing_operations.NothingToPrint: STATE,
    billing_operations.PeriodNotOver: INVALID,
    billing_operations.RunNotCancelable: STATE,
    billing_operations.RunNotFound: NOT_FOUND,
    billing_operations.RunOutdated: STATE,
    billing_operations.RunPresent: TAKEN,
    billing_operations.SecondPersonNeeded: (403, "second_person"),
    billing_operations.SiteNotFound: NOT_FOUND,
    billing_queries.BillNotFound: NOT_FOUND,
    billing_queries.PrintNotFound: NOT_FOUND,
    billing_queries.RunNotFound: NOT_FOUND,
    currency.CurrencyUnknown: INVALID,
    customer_operations.CodeTaken: TAKEN,
    customer_operations.ContractMisfit: INVALID,
    customer_operations.ContractsOverlap: TAKEN,
    customer_operations.LandlordPresent: TAKEN,
    customer_operations.NotRunning: STATE,
    customer_operations.NotThere: NOT_FOUND,
    customer_queries.AccountNotFound: NOT_FOUND,
    customer_queries.NoLandlord: STATE,
    identity_queries.UserNotFound: NOT_FOUND,
    ledger_queries.AccountNotFound: NOT_FOUND,
    ledger_queries.TransactionNotFound: NOT_FOUND,
    metering_operations.ImportDone: STATE,
    metering_operations.SiteNotOpen: INVALID,
    metering_operations.StoreBusy: (503, "busy"),
    metering_queries.ImportNotFound: NOT_FOUND,
    metering_queries.MeterNotFound: NOT_FOUND,
    networks.NetworksMisspelled: (409, "networks"),
    site_operations.NodeArchived: STATE,
    site_operations.FactsInvalid: INVALID,
    site_operations.MoveInFuture: INVALID,
    site_operations.MovedLater: STATE,
    site_operations.NodeArchived: STATE,
    site_operations.NodeCodeTaken: TAKEN,
    site_operations.NodeInUse: STATE,
    site_operations.NodeMisplaced: INVALID,
    site_operations.NodeNotFound: INVALID,
    site_operations.SiteCodeTaken: TAKEN,
    site_operations.TimeZoneUnknown: INVALID,
    site_queries.PlaceNotFound: NOT_FOUND,
    site_queries.SiteNotFound: NOT_FOUND,
    tariff_operations.NoDraft: STATE,
    tariff_operations.TariffCodeTaken: TAKEN,
    tariff_operations.VersionsOverlap: TAKEN,
    tariff_queries.TariffNotFound: NOT_FOUND,
    uploads.UploadRefused: INVALID,
}


def register(api: NinjaAPI) -> None:
    """This will have the API tell each refusal as a problem."""
    told: dict[type[Exception], problems.Handler] = dict.fromkeys(KINDS, _refuse)
    told |= {TariffInvalid: _of_tariff, FileInvalid: _of_file, add_meter.MeterRefused: _of_meter}
    for kind, handler in told.items():
        api.add_exception_handler(kind, handler)


def _refuse(request: HttpRequest, error: Exception) -> HttpResponse:
    kind = next(each for each in type(error).__mro__ if each in KINDS)
    status, code = KINDS[kind]
    if (status, code) == NOT_FOUND:
        return problems.answer(request, problems.not_found())
    return problems.answer(request, problems.Problem(status, code, str(error)))


def _of_tariff(request: HttpRequest, error: TariffInvalid) -> HttpResponse:
    errors = [(_pointer(each.place), _(each.template) % each.data) for each in error.problems]
    words = _("The tariff document cannot be used; each error names its place.")
    return problems.answer(request, problems.Problem(422, "tariff_invalid", words, errors=errors))


def _of_file(request: HttpRequest, error: FileInvalid) -> HttpResponse:
    errors = [
        (f"/file/{each.line}" + (f"/{each.column}" if each.column else ""), f"{each.problem} {each.remedy}")
        for each in error.problems
    ]
    words = _("The file cannot be imported as it is; nothing was stored. It has %(count)s faults.")
    return problems.answer(
        request, problems.Problem(422, "file_invalid", words % {"count": error.total}, errors=errors)
    )


def _of_meter(request: HttpRequest, error: add_meter.MeterRefused) -> HttpResponse:
    return problems.answer(request, problems.invalid(f"/body/{error.field}", str(error)))


def _pointer(place: str) -> str:
    """`components[1].tiers` of a tariff document is `/body/components/1/tiers`."""
    return "/body/document/" + re.sub(r"\[(\d+)\]", r".\1", place).replace(".", "/").lstrip("/") if place else "/body"
