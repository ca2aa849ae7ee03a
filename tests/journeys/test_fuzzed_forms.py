"""Every form of every page, sent with what no person types: never a failure of the server, never half a change."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable, Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import Module
from tests.factories import identity
from tests.journeys.test_routes import ARGUMENTS, ROUTES
from tests.support import forms as form_reading
from tests.support import routes

IS_LONG = bool(os.environ.get("MB_SOAK_SECONDS"))
# What would change the installation or the person for all tests after it, or takes modules away from the walk.
SPARED = ("/modules/", "/settings/https", "/settings/address", "/settings/backups", "/accounts/", "/language", "/theme")
NASTY = (
    *("", " ", "\x00", "a\x00b", "\ufeff", "a\u202eb", "\u200b", "\u2066x\u2069", "\uffff", "\ufffd"),
    *("1e400", "-1e400", "NaN", "Infinity", "-0", "-1", "0", "9" * 400, "1" + "0" * 5_000, "0.1e-999", "1,2,3"),
    *("\uff11\uff12", "\u0663", "\u00b2", "\u0661\u0662/\u0663", "1/0", "0x10", "1_000", "+", "--5"),
    *("0000-00-00", "0001-01-01", "9999-12-31", "2026-02-30", "10000-01-01", "2026-13", "0000-01", "9999-12", "24:00"),
    *("9999-12-31T23:59", "0001-01-01T00:00", "2026-03-29T02:30", "\uff12\uff10\uff12\uff16-01-01"),
    *("x" * 300, "é" * 5_000, "\U0001f468\u200d" * 200, "a\u0301" * 500, "' OR 1=1 --", "{{ 7*7 }}", "%(x)s %s %n"),
    *("<script>", "=1+1", "../../etc/passwd", "http://[", "[::1", "zz", "None", "null", "[]", "{}", "[" * 2_000),
    *("00000000-0000-0000-0000-000000000000", "not-a-uuid", "en-US", "a@b", "a\r\nBcc: x@y.z", "\t", "\x7f"),
)
NUMBERS = itertools.count(1)
PLAUSIBLE: dict[str, Callable[[], str]] = {
    "text": lambda: f"{next(NUMBERS)}",  # a number is a name too
    "email": lambda: f"a{next(NUMBERS)}@meterbook.example",
    "date": lambda: "2026-03-01",
    "datetime-local": lambda: "2026-03-01T12:00",
    "number": lambda: "1",
}
ANYTHING = st.one_of(st.sampled_from(NASTY), st.text(max_size=30), st.floats().map(repr), st.integers().map(str))


class Place:
    """An organization that has everything, and somebody who may do everything in it."""

    def __init__(self) -> None:
        self.organization = identity.organization(modules=tuple(Module))
        self.client = Client(raise_request_exception=False)
        self.client.force_login(identity.user(organization=self.organization))
        paths = {path for each in ROUTES if (path := self._path(each)) is not None}
        self.forms = list({self._key(each): each for path in sorted(paths) for each in self._forms(path)}.values())

    def _path(self, route: routes.Route) -> str | None:
        if route.kind != "guarded" or hasattr(route.view, "is_stream"):
            return None
        made = {name: argument(name, self.organization) for name in route.parameters if name != routes.ORGANIZATION}
        return route.fill({routes.ORGANIZATION: self.organization.public_id, **made})

    def _forms(self, path: str) -> Iterator[form_reading.Form]:
        answer = self.client.get(path)
        if answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html"):
            yield from form_reading.of_page(path, answer.content.decode())

    @staticmethod
    def _key(form: form_reading.Form) -> tuple[object, ...]:
        return form.path, tuple(sorted(form.fields)), tuple(sorted(form.files))

    def changes(self) -> int:
        """This will count what was changed: each change has its entry in the trail."""
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return audit_models.AuditEntry.objects.filter(organization_id=self.organization.pk).count()


@functools.cache
def argument(name: str, organization: identity_models.Organization) -> object:
    return ARGUMENTS[name].make(organization)


@pytest.fixture(scope="module")
def place(database: str) -> Place:
    return Place()


def sound(form: form_reading.Form) -> dict[str, list[str]]:
    """This will fill empty fields with what their kind takes, so that what lies behind the form is reached."""
    return {
        name: [PLAUSIBLE[form.kinds[name]]()] if values == [""] and form.kinds.get(name) in PLAUSIBLE else values
        for name, values in form.fields.items()
    }


def send(place: Place, form: form_reading.Form, wrong: dict[str, str]) -> list[str]:
    """This will send a form and say what is wrong with the answer."""
    given: dict[str, object] = {**sound(form), **wrong}
    for name in form.files:
        given[name] = SimpleUploadedFile("a.csv", wrong.get(name, "a").encode(errors="replace"))
    before = place.changes()

    answer = place.client.post(form.path, given)
    answer.close()

    said = f"POST {form.path} with {wrong!r:.300} of {sorted(form.fields)} answers {answer.status_code}"
    if answer.status_code >= 500:
        return [said]
    return [f"{said} and changed something"] if answer.status_code >= 400 and place.changes() != before else []


@pytest.mark.spec("X-13/1")
@settings(
    max_examples=200 if IS_LONG else 1,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(values=st.lists(ANYTHING, min_size=40, max_size=60))
def test_no_form_fails_or_is_half_done(place: Place, values: list[str]) -> None:
    assert len(place.forms) > 60
    turn, found = itertools.cycle([*values, *NASTY]), []
    for form in place.forms:
        if not any(each in form.path for each in SPARED):
            names = [*form.fields, *form.files]
            found += send(place, form, {name: next(turn) for name in names})
            for name in names if IS_LONG else names[len(names) % 3 :: 3]:
                found += send(place, form, {name: next(turn)})

    assert found == []


def test_a_body_that_is_too_large_is_refused(place: Place) -> None:
    form = next(each for each in place.forms if each.path.endswith("/customers/new"))

    answer = place.client.post(form.path, {**form.fields, "name": "x" * 10_000_000})

    assert answer.status_code == 400
