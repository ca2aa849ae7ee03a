"""The first administrator of a fresh installation."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.identity import models, operations, passwords, queries, trail, values
from meterbook.kernel.actor import Actor

FIRST_START = "first start"
FIRST_START_LOCK = 4_762_302  # beside foundation.migrate.LOCK


def ensure_first_administrator(
    *, email: str, at: datetime, organization_id: int | None = None
) -> values.OneTimePassword | None:
    """This will make sure that somebody can sign in to a fresh installation.

    While nobody has chosen a password of their own, each call makes a new one-time password for the first user and
    the one before is dead; after that it returns None. On an empty database it makes the user and, unless
    `organization_id` names one, the first organization, which the user then administers. Runs outside a scope.
    """
    actor = Actor.system(FIRST_START)
    present = scoping.organization_ids()
    chosen = organization_id or (present[0] if present else queries.next_organization_id())
    with scoping.scope([chosen], actor=actor):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_START_LOCK])
        if not is_waiting():
            return None
        waiting = models.User.objects.order_by("id").first()
        if waiting is not None:
            return _renew_one_time_password(waiting, actor=actor, at=at)
        if not models.Organization.objects.filter(pk=chosen).exists():
            operations.create_organization(actor=actor, at=at, name=_("My organization"))
        user, made = operations.create_user(actor=actor, at=at, email=email, name=_("Administrator"))
        operations.grant_role(actor=actor, at=at, user_id=user.id, role=values.RoleCode.ORGANIZATION_ADMIN)
        return made


def is_waiting() -> bool:
    """This will tell whether nobody has chosen a password yet: each start then prints a new one-time password.

    Users belong to no organization: it runs in a scope or outside.
    """
    return not models.User.objects.filter(must_change_password=False).exists()


def _renew_one_time_password(user: models.User, *, actor: Actor, at: datetime) -> values.OneTimePassword:
    made = passwords.make_one_time_password()
    user.set_password(made)
    user.has_one_time_password = True
    user.save(update_fields=["password", "has_one_time_password"])
    trail.record(actor=actor, at=at, action="identity:renew_one_time_password", subject=user, before=None, after=None)
    return values.OneTimePassword(email=user.email, password=made)
