"""Every route, menu entry, permission and job belongs to a module, so that what is off takes all of it along."""

from __future__ import annotations

import importlib

import pytest
from django.conf import settings
from django.urls import resolve, reverse

from meterbook.config import subscriptions
from meterbook.foundation import queue
from meterbook.identity import registry, values
from meterbook.identity.values import Module
from meterbook.jobs import periodic
from meterbook.web import navigation
from tests.support import routes

ORGANIZATION = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def jobs() -> None:
    """Declarations register themselves when they are imported, as the application does at its start."""
    importlib.import_module("meterbook.jobs.declarations")


@pytest.mark.spec("M-113")
class TestModule:
    def test_is_named_by_every_route_inside_an_organization(self) -> None:
        guarded = [each for each in routes.walk(settings.ROOT_URLCONF) if each.kind == "guarded"]

        assert guarded
        assert [each.path for each in guarded if not isinstance(getattr(each.view, "module", None), Module)] == []

    def test_of_a_menu_entry_is_that_of_its_page(self) -> None:
        for place in navigation.PLACES:
            view = resolve(reverse(place.route, args=[ORGANIZATION])).func
            assert (view.module, view.permission) == (place.module, place.permission), place.route  # type: ignore[attr-defined]

    def test_is_named_by_every_permission(self) -> None:
        assert registry.known()
        for permission in registry.known():
            assert registry.module_of(permission) in Module

    def test_is_named_by_every_job_and_every_line_of_the_timetable(self) -> None:
        declared = queue.declared()

        assert declared.keys() >= {each.name for each in periodic.PERIODICS}
        for name, declaration in declared.items():
            assert declaration.module in set(Module), name

    def test_is_known_for_every_handler_of_an_event(self) -> None:
        for handlers in subscriptions.SUBSCRIPTIONS.values():
            for each in handlers:
                assert registry.module_of(each.__module__.removeprefix("meterbook.")) in Module

    def test_is_not_guessed(self) -> None:
        with pytest.raises(registry.DomainUnknown):
            registry.module_of("weather:view_rain")

    def test_that_sites_may_differ_in_leaves_out_the_basics_and_the_api(self) -> None:
        assert set(values.SITE_MODULES) == set(Module) - {Module.CORE, Module.API}
