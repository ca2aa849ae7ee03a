"""A repaired workbook takes the place of the faulty ones that the same person sent before."""

from __future__ import annotations

from datetime import timedelta

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.journeys.building import files
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models
from tests.db.journeys.building_desk import ACTOR, ALLOWED, NOW, PLACES, Desk
from tests.factories import buildings

OTHER = Actor.system("other")
FAULTY = buildings.building(places=[("B1", "Mall", "Tower", "HM", None, 1)])
ELSEWHERE = buildings.building(
    sites=[("OT", "Other", "Europe/Madrid", "EUR", "en")], places=[("X1", "Mall", "Tower", "OT", None, 1)]
)


def test_an_import_dismisses_what_it_repairs_and_nothing_else() -> None:
    desk = Desk()

    def upload(content: bytes, name: str, actor: Actor = ACTOR, *, hours: int = 0) -> None:
        files.upload_workbook(actor=actor, at=NOW + timedelta(hours=hours), content=content, name=name)

    good = buildings.building(places=PLACES)
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        upload(FAULTY, "faulty.xlsx")
        upload(good, "same.xlsx")
        upload(FAULTY, "of-another-person.xlsx", OTHER)
        upload(ELSEWHERE, "elsewhere.xlsx")
        upload(FAULTY, "later.xlsx", hours=2)
        right = files.upload_workbook(actor=ACTOR, at=NOW + timedelta(hours=1), content=good, name="repaired.xlsx")
        given = {"public_id": right, "language": "en", "allowed": ALLOWED}
        digest = files.check_workbook(**given).digest  # type: ignore[arg-type]
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        done = files.import_workbook(actor=ACTOR, at=NOW, expected=digest, **given)  # type: ignore[arg-type]
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        own = {"organization_id": desk.organization.pk}
        kept = set(site_models.BuildingFile.objects.filter(**own, imported_at=None).values_list("name", flat=True))
        trail = audit_models.AuditEntry.objects.filter(**own, action="sites:discard_building")
        whys = [entry.after for entry in trail.order_by("id")]

    assert sorted(done.dismissed) == ["faulty.xlsx", "same.xlsx"]
    assert kept == {"of-another-person.xlsx", "elsewhere.xlsx", "later.xlsx"}
    assert len(whys) == 2
    assert all(set(each) == {"replaced_by"} for each in whys)
