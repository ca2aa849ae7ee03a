"""All operations of the API, gathered."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.db import InternalError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from meterbook.api import problems, reading, refusals
from meterbook.api.resources import (
    account_books,
    accounts,
    alarms,
    assigned,
    bills,
    books,
    brokers,
    buildings,
    changed_bills,
    contracts,
    customer_details,
    customers,
    data_quality,
    day_checks,
    delegations,
    field_gateways,
    gaps,
    hand_readings,
    imports,
    invitations,
    keys,
    letterheads,
    lettings,
    messages,
    meter_changes,
    meter_types,
    meters,
    modules,
    moves,
    own,
    people,
    people_changes,
    place_changes,
    place_details,
    places,
    policies,
    probes,
    reading_rules,
    runs,
    series,
    tariff_comparison,
    tariff_work,
    tariffs,
    tenants,
    trail,
    virtual_meters,
)

DESCRIPTION = """\
Everything that the screens do, for programs. Decimals are texts, instants are in UTC, days are local days of a site.
Lists are pages: `next` is the `cursor` of the following one. Requests that change something carry an Idempotency-Key.
"""

api = NinjaAPI(
    title="Meterbook",
    version="1",
    description=DESCRIPTION,
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
    parser=reading.StrictParser(),
)
for _each in (
    places,
    place_changes,
    place_details,
    account_books,
    buildings,
    changed_bills,
    meters,
    meter_changes,
    brokers,
    field_gateways,
    meter_types,
    probes,
    series,
    virtual_meters,
    data_quality,
    day_checks,
    gaps,
    hand_readings,
    reading_rules,
    imports,
    tariff_work,
    tariffs,
    tariff_comparison,
    customers,
    customer_details,
    accounts,
    contracts,
    lettings,
    moves,
    bills,
    runs,
    letterheads,
    books,
    own,
    tenants,
    assigned,
    alarms,
    messages,
    people,
    people_changes,
    policies,
    invitations,
    keys,
    delegations,
    modules,
    trail,
):
    api.add_router("", _each.router)
refusals.register(api)
_handlers: dict[type[Exception], problems.Handler] = {
    problems.Problem: problems.answer,
    ValidationError: problems.of_validation,
    HttpError: problems.of_http_error,
    RequestDataTooBig: problems.of_size,
    InternalError: problems.of_read_only,
    Exception: problems.of_failure,
}
for _kind, _handler in _handlers.items():
    api.add_exception_handler(_kind, _handler)
