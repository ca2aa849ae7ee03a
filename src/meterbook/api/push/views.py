"""What gateways send: their enrolment, their batches, their next key."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition.push import batch as push_batch
from meterbook.acquisition.push import signing
from meterbook.api import entry, problems
from meterbook.api.push import door
from meterbook.foundation import scoping
from meterbook.journeys import pushed
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor

MOST_METERS, LONGEST_SERIAL = 1_000, 60


@door.opened
def batches(request: HttpRequest) -> HttpResponse:
    """This will take a signed batch: each reading is stored once, whatever comes again, late or in another order."""
    message, actor = door.read_message(request)
    at, real_at = clock.now(), clock.real_now()
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    told = pushed.take_batch(actor=actor, at=at, real_at=real_at, message=message, encoding=encoding)
    return door.told(told)


@door.opened
def enrol(request: HttpRequest) -> HttpResponse:
    """This will give a gateway its key for a code that works once."""
    given = push_batch.read_object(door.read_body(request))
    code, algorithm, public_half = _text(given, "code"), _algorithm(given), _text(given, "public_key")
    meters = given.get("meters", [])
    if not isinstance(meters, list) or len(meters) > MOST_METERS or not all(map(_is_serial, meters)):
        raise problems.invalid("/body/meters", _("Give the serial numbers of meters as a list of texts."))
    actor = Actor.system("gateway", source=entry.address_of(request))
    try:
        found = acquisition_operations.find_code(code=code)
        with scoping.scope([found.organization_id], actor=actor):
            made = acquisition_operations.enrol(
                actor=actor,
                at=clock.now(),
                real_at=clock.real_now(),
                enrolment_id=found.enrolment_id,
                algorithm=algorithm,
                public_half=public_half,
                meters=meters,
            )
    except acquisition_operations.CodeRefused as error:
        raise problems.Problem(403, "code", str(error)) from error
    except acquisition_operations.LimitReached as error:
        raise problems.invalid("/body/meters", str(error), code="limit") from error
    except acquisition_operations.MeterNotFree as error:
        raise problems.invalid("/body/meters", str(error), code="meter") from error
    except signing.KeyInvalid as error:
        raise problems.invalid("/body/public_key", str(error)) from error
    return door.told(_enrolled(made), status=201)


@door.opened
def keys(request: HttpRequest) -> HttpResponse:
    """This will give a gateway its next key, asked with the present one."""
    call = door.call(request)
    given = push_batch.read_object(call.body)
    try:
        with scoping.scope([call.organization_id], actor=call.actor):
            made = acquisition_operations.exchange_key(
                actor=call.actor,
                at=call.at,
                real_at=clock.real_now(),
                gateway_id=call.gateway_id,
                algorithm=_algorithm(given),
                public_half=_text(given, "public_key"),
            )
    except signing.KeyInvalid as error:
        raise problems.invalid("/body/public_key", str(error)) from error
    return door.told(_enrolled(made), status=201)


def _enrolled(made: acquisition_operations.Enrolled) -> dict[str, object]:
    return {
        "gateway": str(made.gateway),
        "name": made.name,
        "key": str(made.key),
        "secret": made.secret or None,
        "server_key": made.server_key,
        "most_meters": made.most_meters,
        "meters": list(made.meters),
        "carrier": made.carrier,
    }


def _is_serial(given: object) -> bool:
    return isinstance(given, str) and 0 < len(given) <= LONGEST_SERIAL and "\0" not in given


def _text(given: dict[str, Any], name: str) -> str:
    text = given.get(name, "")
    if not isinstance(text, str):
        raise problems.invalid(f"/body/{name}", _("This is a text."))
    return text[:200]


def _algorithm(given: dict[str, Any]) -> signing.Algorithm:
    try:
        return signing.Algorithm(str(given.get("algorithm")))
    except ValueError as error:
        words = _("Choose one of %(all)s.") % {"all": ", ".join(signing.Algorithm)}
        raise problems.invalid("/body/algorithm", words) from error
