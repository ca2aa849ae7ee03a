"""Swap tests with their protocol, and photos. Needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.fieldwork import models, values
from meterbook.fieldwork.deciding import Reaction, SwapVerdict
from meterbook.foundation import scoping

MOST = 100


class SwapTestNotFound(LookupError):
    """There is no such swap test in this organization."""


class PhotoNotFound(LookupError):
    """There is no such photo in this organization."""


@dataclass(frozen=True)
class LookedAt:
    """A meter of a test; levels in kW, None where too few values came. `is_own`: it is assigned to the unit."""

    point: uuid.UUID
    code: str
    name: str
    place: str
    series_id: int
    is_own: bool
    is_sum: bool
    step: int
    is_counter: bool
    reaction: Reaction | None = None
    before: Decimal | None = None
    off: Decimal | None = None
    after: Decimal | None = None
    came_back: bool | None = None
    has_fallen: bool = False

    @property
    def reaction_caption(self) -> str:
        """What it did, in the reader's language; empty while nobody knows."""
        return "" if self.reaction is None else str(values.REACTION_CAPTIONS[self.reaction])


@dataclass(frozen=True)
class SwapTestRow:
    """A swap test with its protocol: times, who did it, what each meter did."""

    id: int
    public_id: uuid.UUID
    site_id: int
    site: uuid.UUID
    site_name: str
    zone: ZoneInfo
    node: uuid.UUID
    node_name: str
    line_name: str
    job: uuid.UUID | None
    state: values.SwapState
    verdict: SwapVerdict | None
    began_at: datetime
    began_by: str
    before_until: datetime | None
    off_at: datetime | None
    off_until: datetime | None
    on_at: datetime | None
    ended_at: datetime | None
    seen_at: datetime | None
    seen_by: str
    seen_note: str
    meters: tuple[LookedAt, ...]
    photos: tuple[uuid.UUID, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether somebody is at it."""
        return self.state in values.RUNNING

    @property
    def verdict_caption(self) -> str:
        """The verdict in the reader's language."""
        return "" if self.verdict is None else str(values.VERDICT_CAPTIONS[self.verdict])

    @property
    def is_suspicious(self) -> bool:
        """Whether a manager must look at it."""
        return self.verdict in values.SUSPICIOUS and self.seen_at is None

    @property
    def fallen(self) -> tuple[LookedAt, ...]:
        """The meters that fell."""
        return tuple(each for each in self.meters if each.has_fallen)

    @property
    def own(self) -> tuple[LookedAt, ...]:
        """The meters that are assigned to the unit."""
        return tuple(each for each in self.meters if each.is_own)


def get_swap_test(*, public_id: uuid.UUID) -> SwapTestRow:
    """This will return one test.

    :raises SwapTestNotFound: when it is not there or belongs to another organization
    """
    found = _tests().filter(public_id=public_id).first()
    if found is None:
        raise SwapTestNotFound(_("There is no such swap test."))
    return _rows([found])[0]


def list_swap_tests(
    *,
    site_ids: Collection[int] | None,
    node: uuid.UUID | None = None,
    meter_point: uuid.UUID | None = None,
    job: uuid.UUID | None = None,
    is_suspicious: bool = False,
    after_id: int | None = None,
    limit: int = MOST,
) -> list[SwapTestRow]:
    """This will return swap tests, the newest first; of a meter those in which it was looked at as the unit's or fell.

    :param site_ids: None is everywhere
    :param is_suspicious: only those that let another meter fall and that no manager looked at
    :param after_id: for programs: in the order of their keys, behind this one
    """
    found = _tests()
    if site_ids is not None:
        found = found.filter(site_id__in=list(site_ids))
    if node is not None:
        found = found.filter(node__public_id=node)
    if job is not None:
        found = found.filter(job__public_id=job)
    if meter_point is not None:
        own = found.filter(meters__contains=[{"point": str(meter_point), "is_expected": True}])
        found = own | found.filter(findings__contains=[{"point": str(meter_point), "reaction": Reaction.FELL}])
    if is_suspicious:
        found = found.filter(verdict__in=values.SUSPICIOUS, seen_at=None)
    if after_id is not None:
        return _rows(found.filter(pk__gt=after_id).order_by("id")[:limit])
    return _rows(found.order_by("-began_at", "-id")[:limit])


def samples_of(test: models.SwapTest) -> QuerySet[models.SwapSamples]:
    """This will return, for operations, what the meters of a test showed, in order."""
    return models.SwapSamples.objects.filter(
        organization_id=scoping.current().organization_id, swap_test=test
    ).order_by("id")


def get_field_photo(*, public_id: uuid.UUID) -> tuple[int, bytes]:
    """This will return the site of a photo of a job or a test, and its content.

    :raises PhotoNotFound: when it is not there or belongs to another organization
    """
    photos = models.FieldPhoto.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = photos.values_list("job__site_id", "swap_test__site_id", "content").first()
    if found is None:
        raise PhotoNotFound(PhotoNotFound.__doc__)
    of_job, of_test, content = found
    return of_job if of_job is not None else int(of_test or 0), bytes(content)


def _tests() -> QuerySet[models.SwapTest]:
    return models.SwapTest.objects.filter(organization_id=scoping.current().organization_id).select_related(
        "site", "node", "bus", "job"
    )


def _rows(tests: Sequence[models.SwapTest] | QuerySet[models.SwapTest]) -> list[SwapTestRow]:
    rows = list(tests)
    photos: dict[int, tuple[uuid.UUID, ...]] = {}
    kept = models.FieldPhoto.objects.filter(
        organization_id=scoping.current().organization_id, swap_test__in=[each.pk for each in rows]
    ).order_by("id")
    for test_id, public_id in kept.values_list("swap_test_id", "public_id"):
        photos[test_id or 0] = (*photos.get(test_id or 0, ()), public_id)
    return [_row(each, photos.get(each.pk, ())) for each in rows]


def _row(test: models.SwapTest, photos: tuple[uuid.UUID, ...]) -> SwapTestRow:
    findings = {each["point"]: each for each in test.findings}
    return SwapTestRow(
        id=test.pk,
        public_id=test.public_id,
        site_id=test.site_id,
        site=test.site.public_id,
        site_name=test.site.name,
        zone=ZoneInfo(test.site.time_zone),
        node=test.node.public_id,
        node_name=test.node.name,
        line_name=test.bus.name if test.bus else "",
        job=test.job.public_id if test.job else None,
        state=values.SwapState(test.state),
        verdict=SwapVerdict(test.verdict) if test.verdict else None,
        began_at=test.began_at,
        began_by=test.began_by,
        before_until=test.before_until,
        off_at=test.off_at,
        off_until=test.off_until,
        on_at=test.on_at,
        ended_at=test.ended_at,
        seen_at=test.seen_at,
        seen_by=test.seen_by,
        seen_note=test.seen_note,
        meters=tuple(_meter(each, findings.get(each["point"], {}), test.fell) for each in test.meters),
        photos=photos,
    )


def _meter(kept: Mapping[str, Any], finding: Mapping[str, Any], fell: Collection[str]) -> LookedAt:
    return LookedAt(
        point=uuid.UUID(kept["point"]),
        code=kept["code"],
        name=kept["name"],
        place=kept["place"],
        series_id=kept["series_id"],
        is_own=kept["is_expected"],
        is_sum=kept["is_sum"],
        step=kept["step"],
        is_counter=kept["measure"] == "COUNTER",
        reaction=Reaction(finding["reaction"]) if finding else None,
        before=_number(finding.get("before")),
        off=_number(finding.get("off")),
        after=_number(finding.get("after")),
        came_back=finding.get("came_back"),
        has_fallen=kept["code"] in fell,
    )


def _number(written: str | None) -> Decimal | None:
    return None if written is None else Decimal(written)
