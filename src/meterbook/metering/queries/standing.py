"""What readings count as after what people said of them later: set to another value, or left out."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When

from meterbook.foundation import scoping
from meterbook.metering import models
from meterbook.metering.validation.inputs import CorrectionKind

# The fact recorded last holds, as in the derivation.
_KINDS = (CorrectionKind.SET, CorrectionKind.EXCLUDE, CorrectionKind.RESTORE)

# Facts of single readings that were made with one about all of a time, which tells of them.
PART = Q(kind=CorrectionKind.SET) & ~Q(method="")


def annotated(readings: QuerySet[models.Reading]) -> QuerySet[Any, Any]:
    """This will give each reading `fact`, the kind of the correction that holds for it (None without one), and
    `shown`, the number that counts: 5010 that was set to 1010 is 1010.
    """
    facts = models.Correction.objects.filter(
        organization_id__in=scoping.current().organizations,
        series_id=OuterRef("series_id"),
        at=OuterRef("at"),
        kind__in=_KINDS,
    ).order_by("-recorded_at", "-id")
    return readings.annotate(fact=Subquery(facts.values("kind")[:1])).annotate(
        shown=Case(When(fact=CorrectionKind.SET, then=Subquery(facts.values("value")[:1])), default=F("value"))
    )


def counting(readings: QuerySet[models.Reading]) -> QuerySet[Any, Any]:
    """This will return the annotated readings without those that a person left out."""
    return annotated(readings).filter(Q(fact=None) | ~Q(fact=CorrectionKind.EXCLUDE))
