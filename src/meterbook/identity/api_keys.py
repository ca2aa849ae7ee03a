"""API keys: made, exchanged and revoked by people; the secret is returned once and kept as a hash only."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.foundation import operation, scoping
from meterbook.identity import models, operations, queries, registry, trail, values
from meterbook.kernel.actor import USER, Actor

PREFIX_BYTES, SECRET_BYTES = 6, 32
LONGEST_OVERLAP = timedelta(days=7)
MOST_NETWORKS = 20
MOST_SINGLES = 200


class KeyUnusable(ValueError):
    """The key lacks a name, a permission or a site, has expired already, names no network, or too much."""


class KeyNotFound(LookupError):
    """There is no such key in this organization."""


class KeyRevoked(ValueError):
    """The key was revoked; make a new one."""


class OnlyPeople(PermissionError):
    """Keys are made and exchanged by a person, who then answers for them."""


@dataclass(frozen=True)
class KeyRow:
    """A key as lists show it. `prefixes` are the beginnings of the secrets that work, the newest first."""

    id: int
    public_id: uuid.UUID
    name: str
    owner: str
    permissions: frozenset[str]
    site_ids: frozenset[int] | None
    networks: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None
    used_from: str
    prefixes: tuple[str, ...]
    overlap_until: datetime | None  # until when the secret before works, while there is one
    singles: tuple[values.Single, ...] = ()

    def is_expired(self, at: datetime) -> bool:
        """This will tell whether its last day has passed."""
        return self.expires_at is not None and self.expires_at <= at


@dataclass(frozen=True)
class MadeKey:
    """A key with its secret, which nobody can see again."""

    row: KeyRow
    token: str = field(repr=False)


def digest(secret: str) -> str:
    """This will return the hash that is kept of a secret: of 256 bits of chance SHA-256 needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def list_keys(*, at: datetime) -> tuple[KeyRow, ...]:
    """This will return the keys of the running scope's organization, those that work first, by name."""
    keys = [_row(each, at) for each in _keys(at).order_by("name", "id")]
    return tuple(sorted(keys, key=lambda each: each.revoked_at is not None or each.is_expired(at)))


def get_key(*, public_id: uuid.UUID, at: datetime) -> KeyRow:
    """This will return one key.

    :raises KeyNotFound: when it is not there or belongs to another organization
    """
    found = _keys(at).filter(public_id=public_id).first()
    if found is None:
        raise KeyNotFound(_("There is no such key."))
    return _row(found, at)


@operation.operation
def create_key(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    permissions: Iterable[str],
    site_ids: Collection[int] | None = None,
    singles: Collection[values.Single] = (),
    networks: Iterable[str] = (),
    expires_at: datetime | None = None,
) -> MadeKey:
    """This will make a key of the actor's own, and return it with the secret that is shown once.

    :param site_ids: only at these sites; None reaches as far as the owner, unless there are singles
    :param singles: only these meter points and accounts, beside those of the sites that are named
    :param networks: from where it may be used, such as 192.0.2.0/24 or 192.0.2.7; none is from anywhere
    :raises KeyUnusable: naming what is lacking or wrong
    :raises registry.PermissionUnknown: when no domain declares one of the permissions
    :raises operations.GrantExceedsOwn: when the actor lacks one of them
    :raises OnlyPeople: when the actor is no person
    """
    held = sorted({registry.check(each) for each in permissions})
    reach = None if site_ids is None else sorted(set(site_ids))
    allowed = [_network(each) for each in networks]
    if not name.strip() or not held or reach == []:
        raise KeyUnusable(_("A key needs a name, at least one permission and, where it is limited, a site."))
    if expires_at is not None and expires_at <= at:
        raise KeyUnusable(_("The last day of the key has passed already."))
    if len(allowed) > MOST_NETWORKS:
        raise KeyUnusable(_("At most %(count)s networks can be named.") % {"count": MOST_NETWORKS})
    if len(singles) > MOST_SINGLES:
        raise KeyUnusable(_("At most %(count)s meters and accounts can be named.") % {"count": MOST_SINGLES})
    alone = sorted(set(singles))
    owner_id = _require_own(actor, at, frozenset(held), reach, alone)
    made = models.ApiKey.objects.create(
        organization_id=scoping.current().organization_id,
        owner_id=owner_id,
        name=name.strip(),
        permissions=held,
        site_ids=reach,
        singles=[[each.kind.value, each.id, each.site_id] for each in alone],
        networks=allowed,
        expires_at=expires_at,
    )
    token, prefix = _add_secret(made)
    after = _recorded(made, prefix)
    trail.record(actor=actor, at=at, action="identity:create_api_key", subject=made, before=None, after=after)
    return MadeKey(get_key(public_id=made.public_id, at=at), token)


@operation.operation
def rotate_key(*, actor: Actor, at: datetime, public_id: uuid.UUID, overlap: timedelta) -> MadeKey:
    """This will give a key a new secret; the one before works for the overlap. The actor answers for it from now on.

    :raises KeyNotFound: when it is not there or belongs to another organization
    :raises KeyRevoked: when it was revoked, or has expired
    :raises KeyUnusable: when the overlap is below zero or longer than seven days
    :raises operations.GrantExceedsOwn: when the actor lacks one of its permissions: the secret would give it away
    :raises OnlyPeople: when the actor is no person
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise KeyUnusable(_("The former secret may work for at most seven days more."))
    key = _locked(public_id)
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= at):
        raise KeyRevoked(_("This key no longer works; make a new one."))
    owner_id = _require_own(actor, at, frozenset(key.permissions), key.site_ids, singles_of(key))
    until = at + overlap
    _secrets(key).filter(Q(ends_at=None) | Q(ends_at__gt=until)).update(ends_at=until)
    token, prefix = _add_secret(key)
    before = {"owner": key.owner_id}
    key.owner_id = owner_id
    key.save(update_fields=["owner_id"])
    after = {"owner": owner_id, "prefix": prefix, "former_until": until}
    trail.record(actor=actor, at=at, action="identity:rotate_api_key", subject=key, before=before, after=after)
    return MadeKey(get_key(public_id=public_id, at=at), token)


@operation.operation
def revoke_key(*, actor: Actor, at: datetime, public_id: uuid.UUID, reason: str = "") -> None:
    """This will end a key: its next request is refused. One that was revoked stays as it is.

    :raises KeyNotFound: when it is not there or belongs to another organization
    """
    key = _locked(public_id)
    if key.revoked_at is not None:
        return
    key.revoked_at = at
    key.save(update_fields=["revoked_at"])
    after = {"revoked_at": at, "reason": reason}
    trail.record(actor=actor, at=at, action="identity:revoke_api_key", subject=key, before=None, after=after)


def _recorded(made: models.ApiKey, prefix: str) -> dict[str, object]:
    """What the trail keeps of a new key."""
    alone = singles_of(made)
    return {
        "name": made.name,
        "permissions": made.permissions,
        "sites": made.site_ids,
        "meters": [each.id for each in alone if each.kind is values.ScopeKind.METER],
        "accounts": [each.id for each in alone if each.kind is values.ScopeKind.ACCOUNT],
        "networks": made.networks,
        "expires_at": made.expires_at,
        "prefix": prefix,
    }


def singles_of(key: models.ApiKey) -> list[values.Single]:
    """This will return the meter points and accounts to which a key is limited; none where it is not."""
    return [values.Single(values.ScopeKind(kind), single, site) for kind, single, site in key.singles]


def _require_own(
    actor: Actor,
    at: datetime,
    permissions: frozenset[str],
    sites: list[int] | None,
    singles: Collection[values.Single],
) -> int:
    """Nobody gives a program more than they hold, wherever it would have it; it answers who gives."""
    if actor.kind != USER or actor.id is None:
        raise OnlyPeople(_("A key is made by a person who is signed in."))
    access = queries.access_of(user_id=actor.id, at=at)
    reached = [*map(access.permissions, sites or ()), *map(access.over, singles)]
    if sites is None and not singles:
        # It reaches as far as its owner does, wherever that is.
        reached = [frozenset().union(*access.at_site.values(), *access.at_meter.values(), *access.at_account.values())]
    for held in reached:
        if not permissions <= held | access.everywhere:
            raise operations.GrantExceedsOwn(permissions - held - access.everywhere)
    return actor.id


def _add_secret(key: models.ApiKey) -> tuple[str, str]:
    prefix, secret = secrets.token_hex(PREFIX_BYTES), secrets.token_hex(SECRET_BYTES)
    models.ApiSecret.objects.create(organization_id=key.organization_id, key=key, prefix=prefix, digest=digest(secret))
    return f"mb_{prefix}_{secret}", prefix


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError as error:
        words = _("“%(text)s” is no network; write such as 192.0.2.0/24 or 192.0.2.7.")
        raise KeyUnusable(words % {"text": text[:50]}) from error


def _locked(public_id: uuid.UUID) -> models.ApiKey:
    keys = models.ApiKey.objects.filter(organization_id=scoping.current().organization_id)
    found = keys.select_for_update().filter(public_id=public_id).first()
    if found is None:
        raise KeyNotFound(_("There is no such key."))
    return found


def _secrets(key: models.ApiKey) -> QuerySet[models.ApiSecret]:
    return models.ApiSecret.objects.filter(organization_id=key.organization_id, key=key)


def _keys(at: datetime) -> QuerySet[models.ApiKey]:
    organization_id = scoping.current().organization_id
    working = models.ApiSecret.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), organization_id=organization_id)
    keys = models.ApiKey.objects.filter(organization_id=organization_id).select_related("owner")
    return keys.prefetch_related(Prefetch("apisecret_set", queryset=working.order_by("-id"), to_attr="working"))


def _row(key: models.ApiKey, at: datetime) -> KeyRow:
    working: list[models.ApiSecret] = key.working  # type: ignore[attr-defined]
    return KeyRow(
        id=key.pk,
        public_id=key.public_id,
        name=key.name,
        owner=key.owner.name,
        permissions=frozenset(key.permissions),
        site_ids=None if key.site_ids is None else frozenset(key.site_ids),
        networks=tuple(key.networks),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        used_at=key.used_at,
        used_from=key.used_from,
        prefixes=tuple(each.prefix for each in working),
        singles=tuple(singles_of(key)),
        overlap_until=max((each.ends_at for each in working if each.ends_at), default=None),
    )
