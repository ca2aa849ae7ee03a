"""Maker and checker as a policy of the organization: for what one person's work needs another's approval.

The safe state is the one at first: everything needs two. Who did something may then approve it only while nobody else
who works here could, which stays marked ("approved alone").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import Q

from meterbook.foundation import operation, scoping
from meterbook.identity import models, queries, trail, values
from meterbook.kernel.actor import Actor


@operation.operation
def change_policy(*, actor: Actor, at: datetime, needed_for: Iterable[values.TwoPeople]) -> None:
    """This will set for what the scope's organization asks two people; what is so already stays unrecorded."""
    found = models.Organization.objects.select_for_update().get(pk=scoping.current().organization_id)
    needed = set(needed_for)
    before = sorted(set(values.TwoPeople) - set(found.alone_allowed))
    after = sorted(needed)
    if before == after:
        return
    found.alone_allowed = sorted(each.value for each in values.TwoPeople if each not in needed)
    found.save(update_fields=["alone_allowed"])
    trail.record(
        actor=actor,
        at=at,
        action="identity:change_two_people",
        subject=found,
        before={"two_people": [str(each) for each in before]},
        after={"two_people": [str(each) for each in after]},
    )


def is_needed(work: values.TwoPeople) -> bool:
    """This will tell whether the scope's organization asks two people for this."""
    return work not in queries.get_organization().alone_allowed


def others_can(*, actor: Actor, at: datetime, permission: str, site_id: int | None = None) -> bool:
    """This will tell whether another active person who works in the scope's organization holds the permission."""
    return any(True for _each in _others(actor, at, permission, site_id))


def name_others(*, actor: Actor, at: datetime, permission: str, site_id: int | None = None) -> list[str]:
    """This will name the other active people who hold the permission, as they call themselves, else by e-mail."""
    found = list(_others(actor, at, permission, site_id))
    people = models.User.objects.filter(pk__in=found).order_by("name", "email", "pk")
    return [name or email for name, email in people.values_list("name", "email")]


def _others(actor: Actor, at: datetime, permission: str, site_id: int | None) -> Iterator[int]:
    working = models.Grant.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        organization_id=scoping.current().organization_id,
        starts_at__lte=at,
        user__is_active=True,
    ).exclude(role_code=values.RoleCode.TENANT)
    people = working.order_by("user_id").values_list("user_id", flat=True).distinct()
    return (
        each
        for each in people
        if each != actor.id and queries.access_of(user_id=each, at=at).allows(permission, site_id)
    )
