"""Codes by which tenants sign in without a password: one browser asks, the mailbox answers, each works once.

Whoever asks, the same is done while they wait: whether the address is a tenant's is looked at afterwards, by a job, so
that neither the answer nor its time tells. Who may do more than a tenant anywhere never gets one.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils.crypto import constant_time_compare, salted_hmac

from meterbook.foundation import operation, queue, scoping, ticker
from meterbook.identity import models, queries, sign_in, tenants, tokens, trail, values
from meterbook.kernel.actor import Actor

SEND = "identity.send_sign_in_code"
LIFE = timedelta(minutes=10)  # of real time, as are all instants of a code
TRIES = 5
DIGITS = 8
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """Who gets a code when they are a tenant, and from where it was asked for."""

    user: models.User
    source: str

    @property
    def actor(self) -> Actor:
        """This will return the person who asked, as the trail names them."""
        return Actor.user(self.user.pk, str(self.user), source=self.source)


@operation.operation
def change_policy(*, actor: Actor, at: datetime, is_allowed: bool) -> None:
    """This will let tenants of the scope's organization sign in with a code by mail, or no longer."""
    found = models.Organization.objects.select_for_update().get(pk=scoping.current().organization_id)
    if found.tenants_use_codes == is_allowed:
        return
    before, found.tenants_use_codes = found.tenants_use_codes, is_allowed
    found.save(update_fields=["tenants_use_codes"])
    trail.record(
        actor=actor,
        at=at,
        action="identity:change_sign_in_codes",
        subject=found,
        before={"tenants_use_codes": before},
        after={"tenants_use_codes": is_allowed},
    )


def offering_ids(*, at: datetime) -> frozenset[int]:
    """This will return which organizations of the running scope let tenants sign in so, and have any."""
    here = scoping.current().organizations
    holding = models.Grant.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        organization_id__in=here,
        role_code=values.RoleCode.TENANT,
        starts_at__lte=at,
    )
    allowed = models.Organization.objects.filter(id__in=here, tenants_use_codes=True)
    return frozenset(allowed.filter(pk__in=holding.values("organization_id")).values_list("pk", flat=True))


def ask(*, real_at: datetime, email: str, source: str) -> str:
    """This will have a code mailed if the address is a tenant's, and return what the browser keeps meanwhile.

    Runs outside a scope. It does the same for every address.
    """
    models.SignInCode.objects.filter(expires_at__lt=real_at - KEPT_FOR).delete()
    token = tokens.make()
    with transaction.atomic():
        row = models.SignInCode.objects.create(
            token_hash=tokens.digest(token),
            email=email.strip().lower(),
            source=source,
            tries_left=TRIES,
            expires_at=real_at + LIFE,
        )
        queue.defer(SEND, organization_id=ticker.PLATFORM, code_id=row.pk)
    return token


def find_asked(*, at: datetime, real_at: datetime, code_id: int) -> Asked | None:
    """This will return who asked when they may sign in so and have no code yet. Runs outside a scope."""
    row = models.SignInCode.objects.filter(pk=code_id, digest="", used_at=None, expires_at__gt=real_at).first()
    user = None if row is None else _holder(row.email, at)
    return None if row is None or user is None else Asked(user, row.source)


@operation.operation
def make(*, actor: Actor, at: datetime, real_at: datetime, code_id: int) -> str | None:
    """This will return the eight digits, of which only a digest stays; None: they were made already, or too late.

    :param actor: who asked
    """
    waiting = models.SignInCode.objects.filter(pk=code_id, digest="", used_at=None, expires_at__gt=real_at)
    row = waiting.select_for_update().first()
    user = None if row is None else models.User.objects.filter(email=row.email).first()
    if row is None or user is None:
        return None
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    row.digest = _digest(row.token_hash, code)
    row.save(update_fields=["digest"])
    trail.record(actor=actor, at=at, action="identity:make_sign_in_code", subject=user, before=None, after=None)
    return code


def use(*, at: datetime, real_at: datetime, token: str, code: str) -> models.User | None:
    """This will return whom the code signs in, once; None: it is wrong, used, too old or was tried too often.

    Runs outside a scope. Each call spends a try, whatever comes of it.
    """
    rows = models.SignInCode.objects.filter(token_hash=tokens.digest(token), used_at=None)
    if not rows.filter(expires_at__gt=real_at, tries_left__gt=0).update(tries_left=F("tries_left") - 1):
        return None
    row = rows.first()
    if row is None or not constant_time_compare(row.digest, _digest(row.token_hash, code)):
        return None
    # Two at the same time: one of them finds it used.
    if not rows.update(used_at=real_at):
        return None
    user = _holder(row.email, at)
    if user is not None and user.has_one_time_password:
        # Its person never used it and knows no other one: it is spent, and they choose one now.
        sign_in.use_one_time_password(user_id=user.pk, password_hash=user.password)
        user.refresh_from_db()
    return user


def _holder(email: str, at: datetime) -> models.User | None:
    """The person of the address when all they may do anywhere is a tenant's, and everywhere codes are allowed."""
    user = models.User.objects.filter(email=email, is_active=True).first()
    if user is None:
        return None
    ids = queries.entered_ids_of(user_id=user.pk, at=at)
    return user if ids and _is_tenant_in_all(ids, user, at) else None


def _is_tenant_in_all(ids: Collection[int], user: models.User, at: datetime) -> bool:
    for organization_id in ids:
        with scoping.scope([organization_id], actor=Actor.system("sign-in")):
            access = queries.access_of(user_id=user.pk, at=at)
            if access.roles != {values.RoleCode.TENANT} or not tenants.is_tenant(access):
                return False
            if not models.Organization.objects.get(pk=organization_id).tenants_use_codes:
                return False
    return True


def _digest(token_hash: str, code: str) -> str:
    # With the installation's key: eight digits alone would be found from a copy of the database.
    return salted_hmac("meterbook.sign-in-code", f"{token_hash}:{code}", algorithm="sha256").hexdigest()
