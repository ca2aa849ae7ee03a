"""What the walks over routes and endpoints say about jobs and swap tests."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from meterbook.fieldwork import operations
from meterbook.foundation import scoping
from meterbook.identity.models import Organization
from meterbook.kernel import clock
from meterbook.sites import models as site_models
from tests.factories import fieldwork, metering
from tests.support import routes

NAMES = ("job", "swap_test", "field_photo")


def arguments(placed: Callable[[Any], site_models.SiteNode]) -> dict[str, routes.Argument]:
    """This will return what the parameters of these routes are made by.

    :param placed: gives a place of an organization
    """

    def job(organization: Any) -> uuid.UUID:  # noqa: ANN401
        return fieldwork.job(placed(organization).site).public_id

    def swap_test(organization: Any) -> uuid.UUID:  # noqa: ANN401
        return fieldwork.decided(organization)

    def field_photo(organization: Any) -> uuid.UUID:  # noqa: ANN401
        test = fieldwork.decided(organization)
        with scoping.scope([organization.pk], actor=fieldwork.ACTOR):
            return operations.keep_swap_photo(
                actor=fieldwork.ACTOR, at=clock.now(), swap_test=test, content=b"jpeg"
            ).public_id

    makers = dict(zip(NAMES, (job, swap_test, field_photo), strict=True))
    return {name: routes.Argument(make=make, is_owned=True) for name, make in makers.items()}


def bodies(place: Callable[[Organization], site_models.SiteNode]) -> dict[str, Callable[[Organization], Any]]:
    """This will return what the endpoints are sent.

    :param place: gives a place of an organization, at the site that the walk names
    """

    def begin(organization: Organization) -> dict[str, str]:
        node = place(organization)
        metering.installed_meter(organization=organization, site=node.site, node=node)
        return {"place": str(node.public_id)}

    return {
        "make_job": lambda _o: {"kind": "LOOK", "words": "the display is dark"},
        "change_job": lambda _o: {"words": "bring a fuse", "due_on": "2026-12-01"},
        "end_job": lambda _o: {"is_done": False, "note": "nobody opened"},
        "begin_swap_test": begin,
        "step_swap_test": lambda _o: {"step": "STOP"},
        "look_at_swap_test": lambda _o: {"note": "the wires were crossed"},
    }
