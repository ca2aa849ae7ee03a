"""A program at the door: its key is found, checked and counted; its answers are kept under idempotency keys."""

from __future__ import annotations

import hmac
import ipaddress
import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.identity import api_keys, models, queries, values

TOKEN = re.compile(r"mb_([0-9a-f]{12})_([0-9a-f]{64})")
# A key may ask ten times a second on average, and at most this often at once.
A_MINUTE, AT_ONCE = 600, 120
ANSWERS_KEPT = timedelta(days=3)
# Long enough for the slowest form; `FRESH` is what was answered while somebody waited for it.
PATIENCE, FRESH = "20s", timedelta(seconds=20)
LOCK_NOT_AVAILABLE = "55P03"


class KeyRefused(PermissionError):
    """The key is unknown, wrong, expired or revoked: which of them is told to nobody."""


class AddressRefused(PermissionError):
    """The key may not be used from that address; see the networks it is limited to."""


class TooManyRequests(RuntimeError):
    """The key asks too often; `retry_after` says how many seconds it should wait."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(_("This key asks too often. Wait %(seconds)s s.") % {"seconds": retry_after})


@dataclass(frozen=True)
class Found:
    """Where a secret belongs: ids, and nothing else."""

    organization_id: int
    secret_id: int


@dataclass(frozen=True)
class Admitted:
    """A key that was let in: who answers for it, how the trail names it, and what it may do now."""

    key_id: int
    owner_id: int
    label: str
    access: values.Access


@dataclass(frozen=True)
class Answer:
    """What was answered: status, media type and body; `fingerprint` is that of the request."""

    fingerprint: str
    status: int
    media_type: str
    body: bytes


def find_secret(*, token: str) -> Found:
    """This will find where a token belongs, before anything of it is believed. Runs outside a scope.

    :raises KeyRefused: when it has not the shape of one, or there is none
    """
    read = TOKEN.fullmatch(token)
    if read is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT organization_id, secret_id FROM identity_api_secret_of(%s)", [read[1]])
            row = cursor.fetchone()
        if row is not None:
            return Found(*row)
    raise KeyRefused(_("This key is not valid."))


def use_key(*, token: str, secret_id: int, address: str, at: datetime, real_at: datetime) -> Admitted:
    """This will check a key and count its use. Needs a scope of the organization that `find_secret` named.

    :param address: where the request comes from
    :param real_at: the machine's present instant: what a key may ask in a time is counted in real time
    :raises KeyRefused: when the secret is wrong or ended, the key expired or revoked, or its owner shut out
    :raises AddressRefused: when it may not be used from there
    :raises TooManyRequests: when it asks too often
    """
    secrets = models.ApiSecret.objects.filter(organization_id=scoping.current().organization_id)
    found = secrets.select_related("key__owner").filter(pk=secret_id).first()
    read = TOKEN.fullmatch(token)
    if found is None or read is None or not hmac.compare_digest(found.digest, api_keys.digest(read[2])):
        raise KeyRefused(_("This key is not valid."))
    key = found.key
    ends = (found.ends_at, key.expires_at, key.revoked_at)
    if any(each is not None and each <= at for each in ends) or not key.owner.is_active:
        raise KeyRefused(_("This key is not valid."))
    if key.networks and not _is_within(address, key.networks):
        raise AddressRefused(_("This key may not be used from this address."))
    _count(key, address=address, at=at, real_at=real_at)
    owned = queries.access_of(user_id=key.owner_id, at=at)
    label = f"{key.name} ({found.prefix}, {key.owner.name})"
    return Admitted(key.pk, key.owner_id, label, _limited(owned, key))


def is_free(*, caller: str, token: str) -> bool:
    """This will keep others from answering under the same idempotency key until the transaction ends.

    It answers False when another request with it is being answered.
    """
    named = f"{scoping.current().organization_id} {caller} {token}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [named])
        return bool(cursor.fetchone()[0])


def await_turn(*, caller: str, token: str) -> bool:
    """This will keep others out as `is_free` does, after whoever answers under the same key now.

    It answers whether somebody did.

    :raises django.db.OperationalError: when that takes longer than `PATIENCE`; see `is_lock_timeout`
    """
    if is_free(caller=caller, token=token):
        return False
    named = f"{scoping.current().organization_id} {caller} {token}"
    # A savepoint: when waiting fails, what follows can still be asked and said.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [named])
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    return True


def is_lock_timeout(error: OperationalError) -> bool:
    """This will tell whether the database gave up waiting for somebody else."""
    return getattr(error.__cause__, "sqlstate", "") == LOCK_NOT_AVAILABLE


def find_answer(*, caller: str, token: str, is_fresh: bool = False) -> Answer | None:
    """This will return what was answered under an idempotency key, or None.

    :param is_fresh: only what was answered within the last seconds
    """
    answers = models.KeptAnswer.objects.filter(organization_id=scoping.current().organization_id)
    if is_fresh:
        answers = answers.filter(created_at__gte=Now() - FRESH)
    found = answers.filter(caller=caller, token=token).first()
    if found is None:
        return None
    return Answer(found.fingerprint, found.status, found.media_type, bytes(found.body))


def keep_answer(*, caller: str, token: str, answer: Answer, real_at: datetime) -> None:
    """This will keep an answer in the transaction of what it tells about, and forget those of more than three days."""
    organization_id = scoping.current().organization_id
    old = Q(created_at__lt=real_at - ANSWERS_KEPT) | Q(caller=caller, token=token)
    models.KeptAnswer.objects.filter(old, organization_id=organization_id).delete()
    models.KeptAnswer.objects.create(
        organization_id=organization_id,
        caller=caller,
        token=token,
        fingerprint=answer.fingerprint,
        status=answer.status,
        media_type=answer.media_type,
        body=answer.body,
    )


def _is_within(address: str, networks: list[str]) -> bool:
    try:
        read = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(read in ipaddress.ip_network(each) for each in networks)


def _limited(owned: values.Access, key: models.ApiKey) -> values.Access:
    """What the owner may do now and the key was given; where the key names sites, meters or accounts, only there."""
    given, singles = frozenset(key.permissions), api_keys.singles_of(key)
    if key.site_ids is None and not singles:
        return values.Access(
            everywhere=owned.everywhere & given,
            at_site={site: held & given for site, held in owned.at_site.items()},
            at_meter={meter: held & given for meter, held in owned.at_meter.items()},
            at_account={account: held & given for account, held in owned.at_account.items()},
        )
    over = {each: owned.over(each) & given for each in singles}
    return values.Access(
        at_site={site: owned.permissions(site) & given for site in key.site_ids or ()},
        at_meter={each.id: held for each, held in over.items() if each.kind is values.ScopeKind.METER},
        at_account={each.id: held for each, held in over.items() if each.kind is values.ScopeKind.ACCOUNT},
    )


def _count(key: models.ApiKey, *, address: str, at: datetime, real_at: datetime) -> None:
    """Each request moves `free_at` on by its share of a minute; too far ahead of the present is too often."""
    share = timedelta(minutes=1) / A_MINUTE
    ahead = AT_ONCE * share
    now = Value(real_at, output_field=DateTimeField())
    moved = ExpressionWrapper(Greatest(Coalesce(F("free_at"), now), now) + share, output_field=DateTimeField())
    keys = models.ApiKey.objects.filter(organization_id=key.organization_id, pk=key.pk)
    fitting = keys.filter(Q(free_at=None) | Q(free_at__lte=real_at + ahead))
    if not fitting.update(free_at=moved, used_at=at, used_from=address[:50]):
        free_at = keys.values_list("free_at", flat=True).get()
        waits = (free_at - real_at - ahead) if free_at else timedelta(0)
        raise TooManyRequests(max(1, math.ceil(waits / timedelta(seconds=1))))
