"""What stands in the paths of pages of recalculations, corrections and disputes when all routes are walked."""

from __future__ import annotations

from tests.factories.corrections import story
from tests.support import routes

ARGUMENTS: dict[str, routes.Argument] = {
    name: routes.Argument(make=lambda organization, name=name: getattr(story(organization), name), is_owned=True)  # type: ignore[misc]
    for name in ("recalculation", "correction", "credit_note", "dispute", "enclosure")
}
