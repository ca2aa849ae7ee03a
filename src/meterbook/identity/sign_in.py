"""What signing in changes. All of it runs outside a scope: the organization is not known yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.contrib.auth import hashers
from django.contrib.auth.base_user import AbstractBaseUser

from meterbook.foundation import scoping
from meterbook.identity import models, queries, trail
from meterbook.kernel.actor import Actor

KNOWN_FOR = timedelta(days=90)


def use_one_time_password(*, user_id: int, password_hash: str) -> str | None:
    """This will spend the one-time password and return the hash that stands in its place, which matches nothing.

    Two sign-ins at once: one of them gets None and must be refused.
    """
    spent = hashers.make_password(None)
    waiting = models.User.objects.filter(pk=user_id, has_one_time_password=True, password=password_hash)
    changed = waiting.update(has_one_time_password=False, password=spent)
    return spent if changed else None


def account(*, user_id: int) -> AbstractBaseUser:
    """This will return the account that somebody is signed in to by what was proved a moment before."""
    return models.User.objects.get(pk=user_id, is_active=True)


def set_password(*, actor: Actor, at: datetime, user_id: int, password: str) -> None:
    """This will replace the user's password by one that the user chose, and record it wherever the user has grants.

    It opens a scope of the user's organizations.
    """
    ids = queries.organization_ids_of(user_id=user_id, at=at)
    with scoping.scope(ids, actor=actor):
        user = models.User.objects.select_for_update().get(pk=user_id)
        user.set_password(password)
        user.has_one_time_password = user.must_change_password = False
        user.save(update_fields=["password", "has_one_time_password", "must_change_password"])
        _record_everywhere(ids, actor=actor, at=at, action="identity:set_password", user=user)


def require_new_password(*, user_id: int) -> None:
    """This will have the user choose a new password before anything else."""
    models.User.objects.filter(pk=user_id, must_change_password=False).update(must_change_password=True)


def is_known_place(*, email: str, address: str, at: datetime, signed_in: Callable[[int, str, datetime], bool]) -> bool:
    """This will tell whether the person signed in from that address in the 90 days before. Runs outside a scope.

    :param signed_in: asks the trail of the scope, which is above identity, for (user, address, since)
    """
    user = models.User.objects.filter(email=email, is_active=True).first() if address else None
    if user is None:
        return False
    for organization_id in queries.organization_ids_of(user_id=user.pk, at=at):
        with scoping.scope([organization_id], actor=Actor.system("sign-in", source=address)):
            if signed_in(user.pk, address, at - KNOWN_FOR):
                return True
    return False


def note_sign_in(*, actor: Actor, at: datetime, user_id: int) -> None:
    """This will record the sign-in in every organization that the user may enter.

    It opens a scope of the user's organizations.
    """
    ids = queries.organization_ids_of(user_id=user_id, at=at)
    with scoping.scope(ids, actor=actor):
        user = models.User.objects.get(pk=user_id)
        # By the product's clock, which a demonstration may set, unlike the library's.
        user.last_login = at
        user.save(update_fields=["last_login"])
        _record_everywhere(ids, actor=actor, at=at, action="identity:sign_in", user=user)


def note_second_factor(*, actor: Actor, at: datetime, user_id: int, is_added: bool) -> None:
    """This will record in every organization that the user may enter that a second factor was set up or removed.

    It opens a scope of the user's organizations.
    """
    ids = queries.organization_ids_of(user_id=user_id, at=at)
    with scoping.scope(ids, actor=actor):
        user = models.User.objects.get(pk=user_id)
        action = "identity:add_second_factor" if is_added else "identity:drop_second_factor"
        _record_everywhere(ids, actor=actor, at=at, action=action, user=user)


def _record_everywhere(ids: Iterable[int], *, actor: Actor, at: datetime, action: str, user: models.User) -> None:
    for organization_id in ids:
        trail.record(
            actor=actor,
            at=at,
            action=action,
            subject=user,
            before=None,
            after=None,
            organization_id=organization_id,
        )
