"""What stands in the paths of pages of recalculations, corrections and disputes when all routes are walked."""

from __future__ import annotations

import uuid

from meterbook.identity.models import Organization
from tests.factories import whatif
from tests.factories.corrections import story
from tests.support import routes


def canceled_what_if(organization: Organization) -> uuid.UUID:
    """A new one each time: the walk removes it."""
    story(organization)
    return whatif.started(organization, is_canceled=True)


ARGUMENTS: dict[str, routes.Argument] = {
    name: routes.Argument(make=lambda organization, name=name: getattr(story(organization), name), is_owned=True)  # type: ignore[misc]
    for name in ("recalculation", "correction", "credit_note", "dispute", "enclosure")
}
ARGUMENTS["what_if"] = routes.Argument(make=canceled_what_if, is_owned=True)
