"""What the operations and queries refuse, by name, and how programs are told.

Each class stands here once; what is not here is a failure of ours (500, with its stack in the log).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from meterbook.acquisition import brokers as acquisition_brokers
from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.acquisition import networks
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import senders as acquisition_senders
from meterbook.alarms import queries as alarm_queries
from meterbook.api import import_refusals, pool_refusals, problems, what_if_refusals
from meterbook.audit import queries as audit_queries
from meterbook.billing import legal_profiles
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.billing.operations import chaining, correcting, crediting, disputing, recalculating
from meterbook.billing.operations import gas as gas_operations
from meterbook.billing.queries import corrections as correction_queries
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.billing.queries import gas as gas_queries
from meterbook.customers import (
    agreements,
    erasing,
    granularity,
    lookups,
    merging,
    overrides,
    overriding,
    own_tests,
    records,
    sign_ins,
    tenancies,
)
from meterbook.customers import operations as customer_operations
from meterbook.customers import queries as customer_queries
from meterbook.documents import numbering, registering, templates, uploads
from meterbook.identity import api_keys, authority, configuring, sessions
from meterbook.identity import delegations as identity_delegations
from meterbook.identity import operations as identity_operations
from meterbook.identity import queries as identity_queries
from meterbook.journeys import (
    add_meter,
    change_site,
    counting,
    exchange_meter,
    filling,
    keeping_assets,
    keeping_calendars,
    privacy,
)
from meterbook.journeys import operations as journey_operations
from meterbook.journeys import queries as journey_queries
from meterbook.journeys.accounts import files as account_files
from meterbook.journeys.building import book
from meterbook.journeys.building import files as building_files
from meterbook.journeys.values import Step
from meterbook.kernel import currency
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.importing.problems import FileInvalid
from meterbook.monitoring import operations as monitoring_operations
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.rules import operations as rule_operations
from meterbook.rules import proposing
from meterbook.rules import queries as rule_queries
from meterbook.sites import operations as site_operations
from meterbook.sites import queries as site_queries
from meterbook.tariffs import operations as tariff_operations
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs import sources as tariff_sources
from meterbook.tariffs.rating.problems import TariffInvalid, UsageMisfit
from meterbook.tariffs.urdb import record

# Where a request for a move holds what a step asks for.
PLACES = {
    Step.UNIT: "unit",
    Step.CUSTOMER: "number",
    Step.START: "starts_at",
    Step.ACCOUNT: "contracts",
    Step.END: "ends_at",
    Step.READINGS: "readings",
    Step.TARIFF: "tariffs",
    Step.DEPOSIT: "deposit",
}
NOT_FOUND, TAKEN, STATE, INVALID = (404, "not_found"), (409, "taken"), (409, "state"), (422, "invalid")
KINDS: Mapping[type[Exception], tuple[int, str]] = {
    acquisition_operations.DeviceNotAsked: STATE,
    acquisition_operations.MemoryNotOffered: STATE,
    filling.MethodNotApplicable: INVALID,
    keeping_calendars.NothingEstimated: STATE,
    counting.TestUnfit: INVALID,
    counting.TimeUnfit: INVALID,
    counting.TooFarBack: INVALID,
    metering_operations.CorrectionIncomplete: INVALID,
    metering_operations.MultiplierUnchanged: STATE,
    metering_operations.OutsideInstallation: INVALID,
    metering_operations.RegistersArePrimary: INVALID,
    metering_operations.RatioPresent: TAKEN,
    metering_operations.SegmentGone: NOT_FOUND,
    metering_operations.EstimateGone: NOT_FOUND,
    metering_operations.EstimateTooMuch: INVALID,
    metering_operations.MinimumImpossible: INVALID,
    metering_operations.OrderIncomplete: INVALID,
    metering_operations.TemperatureImpossible: INVALID,
    metering_operations.ProposalGone: NOT_FOUND,
    metering_operations.SecondPersonNeeded: (403, "second_person"),
    metering_queries.GapRefused: STATE,
    monitoring_operations.FindingSettled: NOT_FOUND,
    monitoring_operations.ReasonMissing: INVALID,
    agreements.ContractNotFound: NOT_FOUND,
    api_keys.KeyNotFound: NOT_FOUND,
    audit_queries.EntryNotFound: NOT_FOUND,
    authority.HoldsMore: (403, "forbidden"),
    acquisition_queries.DeviceNotFound: NOT_FOUND,
    acquisition_queries.RequestNotFound: NOT_FOUND,
    alarm_queries.AlarmNotFound: NOT_FOUND,
    billing_operations.AccountsUnknown: INVALID,
    billing_operations.CalendarImpossible: INVALID,
    billing_operations.CalendarNotFound: NOT_FOUND,
    billing_operations.CalendarPresent: TAKEN,
    billing_operations.DraftsStale: STATE,
    billing_operations.HeldRemain: STATE,
    billing_operations.MemberNotFound: STATE,
    billing_operations.NobodyAsked: NOT_FOUND,
    billing_operations.NobodyToBill: STATE,
    billing_operations.NotInReview: STATE,
    billing_operations.NothingLeft: STATE,
    billing_operations.NothingToIssue: STATE,
    billing_operations.NothingToPrint: STATE,
    billing_operations.PartBilled: TAKEN,
    billing_operations.PeriodImpossible: INVALID,
    billing_operations.PeriodNotOver: INVALID,
    billing_operations.RunNotCancelable: STATE,
    billing_operations.RunNotFound: NOT_FOUND,
    billing_operations.RunOutdated: STATE,
    billing_operations.RunPresent: TAKEN,
    billing_operations.SecondPersonNeeded: (403, "second_person"),
    billing_operations.SiteNotFound: NOT_FOUND,
    gas_operations.GasAreaImpossible: INVALID,
    gas_operations.GasAreaNotFound: NOT_FOUND,
    gas_operations.GasValueImpossible: INVALID,
    gas_queries.GasAreaNotFound: NOT_FOUND,
    chaining.EarlierFirst: STATE,
    correcting.BillCredited: STATE,
    correcting.BillSettled: STATE,
    correcting.CorrectionDecided: STATE,
    correcting.CorrectionNotFound: NOT_FOUND,
    correcting.CorrectionPresent: TAKEN,
    correcting.NotCalculable: STATE,
    correcting.NothingToCorrect: STATE,
    correcting.SecondPersonNeeded: (403, "second_person"),
    correcting.UnderChargeTooOld: STATE,
    correction_queries.CorrectionNotFound: NOT_FOUND,
    correction_queries.RecalculationNotFound: NOT_FOUND,
    crediting.CorrectionOutdated: STATE,
    dispute_queries.DisputeNotFound: NOT_FOUND,
    disputing.BillNotDisputable: STATE,
    disputing.DisputePresent: TAKEN,
    disputing.StepNotPossible: STATE,
    disputing.WordsMissing: INVALID,
    note_queries.CreditNoteNotFound: NOT_FOUND,
    recalculating.NothingToRecalculate: STATE,
    recalculating.VersionNeeded: INVALID,
    book.WorkbookRefused: INVALID,
    account_files.AccountBookDone: STATE,
    account_files.AccountBookFaulty: STATE,
    account_files.AccountBookNotFound: NOT_FOUND,
    account_files.AccountsChanged: STATE,
    building_files.BuildingChanged: STATE,
    building_files.BuildingDone: STATE,
    building_files.BuildingFaulty: STATE,
    billing_queries.BillNotFound: NOT_FOUND,
    billing_queries.CalendarNotFound: NOT_FOUND,
    billing_queries.PrintNotFound: NOT_FOUND,
    billing_queries.RunNotFound: NOT_FOUND,
    acquisition_brokers.BrokerNotFound: NOT_FOUND,
    acquisition_senders.SenderNotFound: NOT_FOUND,
    acquisition_gateways.GatewayNotFound: NOT_FOUND,
    acquisition_operations.AddressTaken: TAKEN,
    acquisition_operations.DeviceMisconfigured: INVALID,
    acquisition_operations.GatewayMisconfigured: INVALID,
    acquisition_operations.GatewayRevoked: STATE,
    acquisition_operations.LimitReached: STATE,
    acquisition_operations.LineMisconfigured: INVALID,
    acquisition_operations.MeterNotFree: STATE,
    change_site.CurrencyLocked: STATE,
    configuring.NotAMonitor: STATE,
    currency.CurrencyUnknown: INVALID,
    customer_operations.CodeTaken: TAKEN,
    overrides.OverrideGone: STATE,
    overrides.OverrideIsOwn: (403, "second_person"),
    overrides.OverrideNotFound: NOT_FOUND,
    overriding.OverrideUnreasoned: INVALID,
    customer_operations.ContractMisfit: INVALID,
    customer_operations.ContractsOverlap: TAKEN,
    customer_operations.LandlordPresent: TAKEN,
    customer_operations.LandlordInternal: INVALID,
    customer_operations.NotRunning: STATE,
    customer_operations.NotThere: NOT_FOUND,
    customer_queries.AccountNotFound: NOT_FOUND,
    customer_queries.NoLandlord: STATE,
    erasing.StillCustomer: STATE,
    exchange_meter.ChangedMeanwhile: STATE,
    exchange_meter.NothingToExchange: STATE,
    granularity.SiteNotThere: NOT_FOUND,
    legal_profiles.ProfileSiteNotThere: NOT_FOUND,
    identity_delegations.CompanyNotFound: INVALID,
    identity_delegations.DelegationEndsBeforeStart: INVALID,
    identity_delegations.DelegationNotFound: NOT_FOUND,
    identity_delegations.DelegationToOneself: INVALID,
    identity_operations.GrantExceedsOwn: (403, "forbidden"),
    identity_operations.GrantNotFound: NOT_FOUND,
    identity_operations.LastAdministrator: STATE,
    identity_queries.UserNotFound: NOT_FOUND,
    journey_operations.JourneyClosed: STATE,
    journey_operations.JourneyNotThere: NOT_FOUND,
    journey_queries.JourneyNotFound: NOT_FOUND,
    ledger_queries.AccountNotFound: NOT_FOUND,
    ledger_queries.TransactionNotFound: NOT_FOUND,
    lookups.CustomerNotFound: NOT_FOUND,
    lookups.FileNotFound: NOT_FOUND,
    merging.CannotMerge: INVALID,
    metering_operations.FactsAhead: INVALID,
    metering_operations.TestGone: NOT_FOUND,
    metering_operations.TestImpossible: INVALID,
    metering_queries.AssetFileNotFound: NOT_FOUND,
    own_tests.TestNotOwn: NOT_FOUND,
    metering_operations.ClosingMissing: INVALID,
    keeping_assets.PhotoMisplaced: STATE,
    metering_operations.CodeTaken: TAKEN,
    metering_operations.SiteNotOpen: INVALID,
    metering_operations.StepUnfit: INVALID,
    metering_operations.StoreBusy: (503, "busy"),
    metering_queries.ImportNotFound: NOT_FOUND,
    metering_queries.MeterNotFound: NOT_FOUND,
    networks.NetworksMisspelled: (409, "networks"),
    numbering.NumberUsed: INVALID,
    numbering.PrefixRefused: INVALID,
    numbering.SeriesInUse: STATE,
    templates.NothingToActivate: STATE,
    registering.DocumentUnknown: NOT_FOUND,
    notification_operations.SecretNeeded: INVALID,
    notification_queries.MessageNotFound: NOT_FOUND,
    records.ConsentPresent: STATE,
    records.CustomerClosed: STATE,
    records.CustomerCodeTaken: TAKEN,
    records.CustomerNotThere: NOT_FOUND,
    sessions.SessionNotFound: NOT_FOUND,
    sign_ins.LandlordsAccount: INVALID,
    sign_ins.SignInNotFound: NOT_FOUND,
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
    site_operations.TooManyPhotos: STATE,
    site_queries.BuildingFileNotFound: NOT_FOUND,
    site_queries.PlaceNotFound: NOT_FOUND,
    site_queries.SiteNotFound: NOT_FOUND,
    rule_operations.CalendarCodeTaken: TAKEN,
    rule_operations.DaysRefused: INVALID,
    rule_operations.NothingChanged: STATE,
    rule_queries.CalendarNotFound: NOT_FOUND,
    proposing.RegionUnknown: INVALID,
    proposing.TooManyYears: INVALID,
    record.RecordInvalid: INVALID,
    tariff_operations.NoDraft: STATE,
    tariff_sources.PricesInvalid: INVALID,
    tariff_operations.TariffCodeTaken: TAKEN,
    tariff_operations.VersionsOverlap: TAKEN,
    tariff_operations.SecondPersonNeeded: (403, "second_person"),
    tariff_queries.TariffNotFound: NOT_FOUND,
    tenancies.AccountNotThere: NOT_FOUND,
    tenancies.ContractNotThere: NOT_FOUND,
    UsageMisfit: INVALID,
    uploads.UploadRefused: INVALID,
    **pool_refusals.KINDS,
    **import_refusals.KINDS,
    **what_if_refusals.KINDS,
}


def register(api: NinjaAPI) -> None:
    """This will have the API tell each refusal as a problem."""
    told: dict[type[Exception], problems.Handler] = dict.fromkeys(KINDS, _refuse)
    told |= {
        **pool_refusals.HANDLERS,
        TariffInvalid: _of_tariff,
        templates.TemplateRefused: _of_template,
        FileInvalid: _of_file,
        add_meter.MeterRefused: _of_meter,
        acquisition_operations.BrokerMisconfigured: _of_broker,
        journey_operations.JourneyRefused: _of_move,
        privacy.NotErasable: _of_erasure,
    }
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


def _of_template(request: HttpRequest, error: templates.TemplateRefused) -> HttpResponse:
    errors = [(f"/body/look/{name.replace('.', '/')}", words) for name, words in error.faults.items()]
    words = _("The template cannot be used; each error names its field.")
    return problems.answer(request, problems.Problem(422, "template_invalid", words, errors=errors))


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


def _of_broker(request: HttpRequest, error: acquisition_operations.BrokerMisconfigured) -> HttpResponse:
    return problems.answer(request, problems.invalid(f"/body/{error.field}", str(error)))


def _of_move(request: HttpRequest, error: journey_operations.JourneyRefused) -> HttpResponse:
    place = f"/body/{PLACES[error.step]}"
    if error.about is not None and error.step in (Step.READINGS, Step.TARIFF):
        further = f"/body/further_readings/{error.about}/{error.register}"
        place = further if error.register else f"{place}/{error.about}"
    return problems.answer(request, problems.invalid(place, str(error)))


def _of_erasure(request: HttpRequest, error: privacy.NotErasable) -> HttpResponse:
    errors = [(f"/accounts/{each.account}" if each.account else "", each.words) for each in error.obstacles]
    return problems.answer(request, problems.Problem(409, "state", str(error), errors=errors))


def _pointer(place: str) -> str:
    """`components[1].tiers` of a tariff document is `/body/components/1/tiers`."""
    return "/body/document/" + re.sub(r"\[(\d+)\]", r".\1", place).replace(".", "/").lstrip("/") if place else "/body"
