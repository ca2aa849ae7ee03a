"""What is somebody's own: the accounts linked to a sign-in, and the time of their contracts. Each needs a scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from meterbook.customers import clipping, models, queries
from meterbook.customers.queries import accounts as account_queries
from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.metering import values as metering_values


@dataclass(frozen=True)
class OwnPoint:
    """A meter point that an account pays or paid for, and when."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    place: str
    service: metering_values.Service
    stays: tuple[clipping.Stay, ...]  # in order, none touches the next

    def stay_at(self, at: datetime) -> clipping.Stay:
        """This will return the time that an instant lies in, else the latest before it, else the first to come."""
        begun = [each for each in self.stays if each.start <= at]
        return begun[-1] if begun else self.stays[0]

    def is_running(self, at: datetime) -> bool:
        """This will tell whether a contract runs at that instant."""
        return any(each.start <= at and (each.end is None or at < each.end) for each in self.stays)


@dataclass(frozen=True)
class SignInRow:
    """Who signs in for an account; `user_id` None while the invitation waits, `expires_at` until when it does."""

    public_id: uuid.UUID
    email: str
    name: str
    user_id: int | None
    starts_at: datetime
    expires_at: datetime | None

    def is_waiting(self, at: datetime) -> bool:
        """This will tell whether the invitation can still be accepted."""
        return self.user_id is None and self.expires_at is not None and at < self.expires_at


def accounts_of_user(*, user_id: int, at: datetime) -> tuple[queries.AccountRow, ...]:
    """This will return the accounts that are linked to a sign-in, by number."""
    linked = _in_force(at).filter(Q(user_id=user_id) | Q(invitation__accepted_by_id=user_id)).values("account_id")
    found = account_queries.accounts_of_scope().filter(pk__in=linked).order_by("number", "id")
    return tuple(account_queries.row_of(each) for each in found)


def points_of(*, account_ids: Collection[int]) -> tuple[OwnPoint, ...]:
    """This will return the meter points of accounts with the time of their contracts, as people order them."""
    contracts = models.Contract.objects.filter(
        organization_id=scoping.current().organization_id, account_id__in=list(account_ids)
    ).select_related("meter_point__node")
    stays: dict[int, list[clipping.Stay]] = {}
    points = {}
    for each in contracts.order_by("during", "id"):
        points[each.meter_point_id] = each.meter_point
        stays.setdefault(each.meter_point_id, []).append(clipping.Stay(each.during.lower, each.during.upper))
    rows = [
        OwnPoint(
            id=each.pk,
            public_id=each.public_id,
            code=each.code,
            name=each.name,
            place=each.node.name if each.node else "",
            service=metering_values.Service(each.service),
            stays=clipping.joined(stays[each.pk]),
        )
        for each in points.values()
    ]
    return tuple(sorted(rows, key=lambda each: (order.natural(each.code), each.id)))


def sign_ins_of(*, account_id: int, at: datetime) -> tuple[SignInRow, ...]:
    """This will return who signs in for an account, and who is invited to, by e-mail address."""
    found = _in_force(at).filter(account_id=account_id).exclude(invitation__revoked_at__isnull=False)
    rows = found.annotate(
        who=Coalesce("user_id", "invitation__accepted_by_id"),
        address=Coalesce("user__email", "invitation__accepted_by__email", "invitation__email"),
        called=Coalesce("user__name", "invitation__accepted_by__name", "invitation__name"),
        until=F("invitation__expires_at"),
    ).values_list("public_id", "address", "called", "who", "starts_at", "until")
    return tuple(SignInRow(*each) for each in rows.order_by("address", "id"))


def users_of(*, account_ids: Collection[int], at: datetime) -> dict[int, tuple[int, ...]]:
    """This will return the users who sign in for accounts, by account; accounts without one are left out."""
    rows = _in_force(at).filter(account_id__in=list(account_ids)).exclude(invitation__revoked_at__isnull=False)
    found: dict[int, tuple[int, ...]] = {}
    told = rows.annotate(who=Coalesce("user_id", "invitation__accepted_by_id")).exclude(who=None)
    for account, user in told.order_by("id").values_list("account_id", "who"):
        found[account] = (*found.get(account, ()), user)
    return found


def _in_force(at: datetime) -> QuerySet[models.SignIn]:
    return models.SignIn.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at), organization_id=scoping.current().organization_id, starts_at__lte=at
    )
