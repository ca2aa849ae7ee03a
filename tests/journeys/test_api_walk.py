"""Every operation of the API, asked by everyone who must stay outside, by each role, and by one who may come in.

A new operation is walked without being named here. A parameter that is new needs an entry in `ARGUMENTS`, a body one in
`BODIES`.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from pydantic import BaseModel

from meterbook.api import document, values
from meterbook.customers import permissions as customer_permissions
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import operations as identity_operations
from meterbook.identity import registry
from meterbook.identity.values import Module, RoleCode
from tests.factories import account_books, api, buildings, identity, meter_types
from tests.journeys import (
    asset_bodies,
    broker_bodies,
    calendar_bodies,
    commissioning_bodies,
    correction_bodies,
    desk_bodies,
    document_bodies,
    field_bodies,
    gap_bodies,
    gas_bodies,
    gateway_bodies,
    pool_bodies,
    price_bodies,
    test_roles,
    test_routes,
    virtual_bodies,
    whatif_bodies,
)
from tests.journeys.walk_arguments import ARGUMENTS, billed_account, point, tariff_document, uploaded
from tests.support import operations

Organization = identity_models.Organization
UNKNOWN = uuid.UUID("00000000-0000-4000-8000-000000000000")
OPERATIONS = operations.all_operations()
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[each.id for each in OPERATIONS])
LOOKING = frozenset(each for each in registry.known() if each.partition(":")[2].startswith("view"))
# Who may look gives these on, with a role or to a tenant.
LOOKING |= {customer_permissions.SEE_DETAILED_USE, customer_permissions.SEE_OWN_ACCOUNT}
FIXED = {"code": "energy_import", "measured": "0", "instant": "20260131T230000Z"}
QUERIES = {
    **virtual_bodies.QUERIES,
    "list_readings": {"from": "2026-02-01T00:00:00Z", "until": "2026-02-02T00:00:00Z"},
    "list_intervals": {"from": "2026-02-01T00:00:00Z", "until": "2026-02-02T00:00:00Z"},
    "get_charge_back_journal": {"from": "2026-02-01", "until": "2026-03-01"},
    "get_energy_balance": {"first_day": "2026-02-01", "until_day": "2026-03-01"},
}
BODIES: dict[str, Callable[[Organization], Any]] = {
    "entrust": lambda _o: {"company": str(test_routes.company().public_id)},
    "end_delegation": lambda _o: {"reason": "contract ended"},
    "convert_rate": lambda _o: {"record": '{"energyratestructure": [[{"rate": 0.1}]]}'},
    "create_holiday_calendar": lambda _o: {
        "code": uuid.uuid4().hex[:8],
        "name": "Coast",
        "days": [{"day": "2026-12-25", "name": "Christmas"}],
    },
    "change_holiday_calendar": lambda _o: {
        "days": [{"day": "2027-01-06", "name": uuid.uuid4().hex[:8]}],
        "reason": "new law",
    },
    "create_site": lambda _o: {
        "code": uuid.uuid4().hex[:8],
        "name": "Harbor",
        "time_zone": "Europe/Madrid",
        "currency": "EUR",
    },
    "change_site": lambda _o: {"name": "Harbor Mall", "portfolio": "Coast"},
    "create_place": lambda _o: {"kind": "UNIT", "code": uuid.uuid4().hex[:8], "name": "Shop 1"},
    "move_place": lambda _o: {"parent": None, "moved_at": "2026-02-01T00:00:00Z"},
    "change_place": lambda _o: {"name": "Shop 2"},
    "create_meter_point": lambda o: {
        "site": str(ARGUMENTS["site"](o)),
        "code": uuid.uuid4().hex[:8],
        "name": "Shop 1",
        "service": "ELECTRICITY",
        "serial_number": uuid.uuid4().hex[:8],
    },
    "publish_meter_type": lambda _o: {"document": meter_types.document()},
    "offer_meter_type": lambda _o: {"is_offered": False},
    "request_probe": lambda o: {
        "site": str(test_routes.installed(o)[1].bus.site.public_id),
        "model": "eastron_sdm630",
        "gateway": str(test_routes.installed(o)[1].bus.public_id),
        "unit_id": 7,
    },
    "enter_readings": lambda o: {
        "readings": [{"meter_point": str(point(o)), "at": "2026-02-01T00:00:00Z", "value": "5"}]
    },
    **gap_bodies.BODIES,
    **calendar_bodies.BODIES,
    **field_bodies.bodies(test_routes.placed),
    "settle_finding": lambda _o: {
        "kind": "RESET_CANDIDATE",
        "at": "2026-02-01T00:00:00Z",
        "verdict": "RIGHT",
        "reason": "looked at it",
    },
    "import_readings": lambda _o: api.MultipartBody(
        file=uploaded([("2026-03-01 00:00", 1)]), point="nowhere", dry_run="true"
    ),
    "create_tariff": lambda _o: {"document": tariff_document()},
    "save_tariff_draft": lambda _o: {"document": tariff_document()},
    "publish_tariff": lambda _o: {"first_day": "2027-01-01"},
    "rate_tariff_example": lambda _o: {"document": tariff_document(), "month": "2026-06-01", "quantity": "300"},
    "open_account": lambda o: {"site": str(ARGUMENTS["site"](o)), "number": uuid.uuid4().hex[:8], "name": "Bakery"},
    "change_customer": lambda _o: {"name": "Calder Bakery & Sons"},
    "start_contract": lambda o: {
        "meter_point": str(point(o)),
        "tariff": str(ARGUMENTS["tariff"](o)),
        "first_day": "2027-01-01",
    },
    "end_contract": lambda _o: {"until_day": "2030-01-01"},
    "plan_run": lambda o: {
        "site": str(ARGUMENTS["site"](o)),
        "first_day": "2026-02-01",
        "until_day": "2026-03-01",
    },
    "check_run": lambda _o: {},
    "leave_out_of_run": lambda o: {"accounts": [str(billed_account(o))], "reason": "moved"},
    "include_in_run": lambda o: {"accounts": [str(billed_account(o))]},
    "cancel_run": lambda _o: {"reason": "planned twice"},
    "print_run": lambda _o: {"everything": True},
    "create_customer": lambda _o: {"name": "Ana Ruiz"},
    "change_customer_record": lambda _o: {"phones": ["+34 600 000 000"]},
    "merge_customers": lambda o: {"merged": str(test_routes.other_customer(o))},
    "erase_customer": lambda _o: {"name": "Calder Bakery"},
    "add_contact": lambda _o: {"name": "Zoe Berg", "roles": ["PAYER"]},
    "give_consent": lambda _o: {"kind": "MESSAGES", "text_version": "2026-1"},
    "note_protection": lambda _o: {"until_date": "2027-01-01", "reason": "dialysis", "is_medical": True},
    "add_paper": lambda _o: api.MultipartBody(file=SimpleUploadedFile("a.pdf", b"%PDF-1.7")),
    "change_tariff_of_contract": lambda o: {"tariff": str(ARGUMENTS["tariff"](o)), "first_day": "2029-01-01"},
    "open_accounts": lambda o: {
        "site": str(ARGUMENTS["site"](o)),
        "first_day": "2027-01-01",
        "tariffs": {},
        "openings": [{"unit": f"p{point(o)}", "number": "A-1", "name": "Ana Ruiz"}],
    },
    "move_in": lambda o: {
        "unit": f"p{point(o)}",
        "starts_at": "2027-01-01T00:00:00Z",
        "new_customer": {"name": "Ana Ruiz"},
        "tariffs": {},
    },
    "move_out": lambda o: {"account": str(ARGUMENTS["account"](o)), "ends_at": "2001-01-01T00:00:00Z"},
    "exchange_meter_of_point": lambda _o: {
        "old_meter": str(UNKNOWN),
        "exchanged_at": "2026-02-01T00:00:00Z",
        "serial_number": uuid.uuid4().hex[:8],
        "finals": {},
        "openings": {},
        "reason": "calibration period over",
    },
    "change_multiplier": lambda _o: {
        "starts_at": "2026-02-01T00:00:00Z",
        "multiplier": "200/5",
        "shown": {},
        "protocol": "P-7",
        "reason": "transformers exchanged",
    },
    "add_model_registers": lambda _o: {"meter": str(UNKNOWN), "series": ["voltage_l1"]},
    "add_register": lambda _o: {"series": "energy_export", "since": "2026-02-01T00:00:00Z", "shown": "1"},
    "change_meter_point": lambda _o: {"language": "es"},
    "move_meter_point": lambda _o: {"place": None, "moved_at": "2026-02-01T00:00:00Z"},
    "upload_building": lambda _o: api.MultipartBody(file=SimpleUploadedFile("b.xlsx", buildings.building())),
    "import_building": lambda _o: {"expected": "another"},
    "upload_account_workbook": lambda _o: api.MultipartBody(
        file=SimpleUploadedFile("a.xlsx", account_books.workbook())
    ),
    "import_account_workbook": lambda _o: {"expected": "another"},
    "set_place_facts": lambda _o: {"area": "40.5", "headcount": 3},
    "add_place_photo": lambda _o: api.MultipartBody(file=SimpleUploadedFile("a.jpg", b"no picture")),
    "set_alarm_default": lambda _o: {"severity": "CRITICAL"},
    "set_mail": lambda _o: {"host": "localhost", "sender_name": "Harbor", "sender_address": "a@meterbook.example"},
    "set_telegram": lambda _o: {"is_on": False},
    "send_test_message": lambda _o: {"channel": "TELEGRAM"},
    **correction_bodies.BODIES,
    **desk_bodies.BODIES,
    **document_bodies.BODIES,
    **gateway_bodies.BODIES,
    **virtual_bodies.BODIES,
    **whatif_bodies.BODIES,
    **pool_bodies.BODIES,
    **gas_bodies.BODIES,
    **price_bodies.BODIES,
    **broker_bodies.BODIES,
    **commissioning_bodies.BODIES,
    **asset_bodies.BODIES,
    "switch_module": lambda _o: {"module": "ALARMS", "is_on": True},
}


class People:
    """Two organizations and who asks operations of the first; made once."""

    def __init__(self) -> None:
        self.own = identity.organization(modules=tuple(Module))
        self.foreign = identity.organization(modules=tuple(Module))
        self.programs: dict[str, api.Program] = {}

    def holder(self, permission: str) -> api.Program:
        name = f"+{permission}"
        if name not in self.programs:
            given = {"permissions": {permission} | LOOKING, "owner": self._owner(permission)}
            self.programs[name] = api.program(organization=self.own, **given)
        return self.programs[name]

    def _owner(self, permission: str) -> identity_models.User | None:
        """Somebody to whom what the operation is about belongs; None: whoever."""
        if permission != customer_permissions.SEE_OWN_ACCOUNT:
            return None
        found = identity.user(organization=self.own)
        test_routes.tenant(self.own, found)
        return found

    def others(self, permission: str) -> api.Program:
        return self._once(f"-{permission}", registry.known() - {permission})

    def of_role(self, role: RoleCode) -> api.Program:
        if role not in self.programs:
            user = identity.user(organization=self.own, role=role)
            held = registry.of_role(role)
            self.programs[role] = api.program(organization=self.own, owner=user, permissions=held)
        return self.programs[role]

    def _once(self, name: str, permissions: frozenset[str] | set[str]) -> api.Program:
        if name not in self.programs:
            self.programs[name] = api.program(organization=self.own, permissions=permissions)
        return self.programs[name]

    def path(self, operation: operations.Operation, *, foreign: str = "") -> str:
        made = {
            name: FIXED.get(name) or ARGUMENTS[name](self.foreign if name == foreign else self.own)
            for name in operation.parameters
        }
        return operation.fill(made)

    def ask(
        self, operation: operations.Operation, program: api.Program, path: str, *, has_body: bool = True
    ) -> HttpResponse:
        make = BODIES.get(operation.id) if has_body else None
        body = make(self.own) if make else ({} if operation.method != "GET" else None)
        return program.ask(operation.method, path, body, query=QUERIES.get(operation.id))


@pytest.fixture(scope="module")
def people(database: str) -> People:
    return People()


def no_floats(text: bytes) -> object:
    def refuse(number: str) -> None:
        raise AssertionError(f"{number} is a float")

    return json.loads(text, parse_float=refuse)


def test_there_are_operations() -> None:
    assert len(OPERATIONS) >= 160
    assert len({each.id for each in OPERATIONS}) == len(OPERATIONS)


def test_names_mean_one_thing() -> None:
    """The document tells classes apart by their bare names: of two that share one, one would stand for both."""
    known: dict[str, Any] = {}
    for model in [*_below(values.Told), *_below(values.Given)]:
        schema = model.model_json_schema()
        named = {**schema.pop("$defs", {}), model.__name__: schema}
        for name, told in named.items():
            assert known.setdefault(name, told) == told, name


def _below(parent: type[BaseModel]) -> list[type[BaseModel]]:
    return [each for child in parent.__subclasses__() for each in (child, *_below(child))]


@each_operation
def test_operation_names_what_it_asks(operation: operations.Operation) -> None:
    assert operation.permission in registry.known()
    assert set(operation.parameters) <= set(ARGUMENTS) | set(FIXED)


@pytest.mark.spec("X-12/1")
@each_operation
def test_operation_lets_in_only_who_may_enter(operation: operations.Operation, people: People) -> None:
    path = people.path(operation)

    nobody = people.ask(operation, api.Program(), path)
    without = people.ask(operation, people.others(operation.permission), path)
    within = people.ask(operation, people.holder(operation.permission), path)

    assert (nobody.status_code, nobody.headers["WWW-Authenticate"]) == (401, 'Bearer realm="meterbook"')
    assert (without.status_code, without.json()["code"]) == (403, "forbidden")
    assert within.status_code in {200, 201, 202, 409, 422}, within.content
    if operation.id in document.FILES and within.status_code == 200:
        assert within.headers["Content-Type"] in document.FILES[operation.id]
    else:
        assert no_floats(within.content) is not None


@pytest.mark.spec("X-05/2")
@each_operation
def test_operation_finds_nothing_of_others(operation: operations.Operation, people: People) -> None:
    program = people.holder(operation.permission)

    for name in set(operation.parameters) - set(FIXED):
        answer = people.ask(operation, program, people.path(operation, foreign=name))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (name, answer.content)


@contextlib.contextmanager
def module_off(organization: Organization, module: Module) -> Iterator[None]:
    for is_on in (False, True):
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            identity_operations.change_module(actor=identity.ACTOR, at=identity.LONG_AGO, module=module, is_on=is_on)
        if not is_on:
            yield


@pytest.mark.spec("M-113")
@pytest.mark.parametrize("module", [each for each in Module if each != Module.CORE])
def test_module_that_is_off_is_not_there(module: Module, people: People) -> None:
    concerned = [each for each in OPERATIONS if module in (each.module, Module.API)]
    paths = {each.id: each.fill({name: FIXED.get(name, UNKNOWN) for name in each.parameters}) for each in concerned}

    with module_off(people.own, module):
        answers = {each.id: people.ask(each, people.holder(each.permission), paths[each.id]) for each in concerned}
        token = api.key(organization=people.own).token
        listed = api.Program(token).get("/openapi.json").json()["paths"]

    assert {each.status_code for each in answers.values()} <= {404}
    if module != Module.API:
        assert not {f"/api/v1{each.path}" for each in concerned} & set(listed)


@pytest.mark.spec("M-002/1")
@pytest.mark.parametrize("role", RoleCode)
def test_role_may_ask_what_the_matrix_says(role: RoleCode, people: People) -> None:
    """One operation of each permission: that all others ask for theirs is walked above."""
    program = people.of_role(role)
    told = {}
    for each in {each.permission: each for each in OPERATIONS}.values():
        path = each.fill({name: FIXED.get(name, UNKNOWN) for name in each.parameters})
        answer = people.ask(each, program, path, has_body=False)
        told[each.permission] = answer.status_code != 403
        assert answer.status_code < 500

    assert told == {each.permission: role in test_roles.MATRIX[each.permission] for each in OPERATIONS}
