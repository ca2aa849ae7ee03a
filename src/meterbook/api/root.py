"""All operations of the API, gathered."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from meterbook.api import problems, refusals
from meterbook.api.resources import (
    accounts,
    alarms,
    bills,
    books,
    buildings,
    contracts,
    customer_details,
    customers,
    delegations,
    imports,
    invitations,
    lettings,
    messages,
    meter_changes,
    meters,
    modules,
    moves,
    people,
    people_changes,
    place_changes,
    place_details,
    places,
    probes,
    runs,
    series,
    tariff_work,
    tariffs,
    trail,
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
)
for _each in (
    places,
    place_changes,
    place_details,
    buildings,
    meters,
    meter_changes,
    probes,
    series,
    imports,
    tariff_work,
    tariffs,
    customers,
    customer_details,
    accounts,
    contracts,
    lettings,
    moves,
    bills,
    runs,
    books,
    alarms,
    messages,
    people,
    people_changes,
    invitations,
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
    Exception: problems.of_failure,
}
for _kind, _handler in _handlers.items():
    api.add_exception_handler(_kind, _handler)
