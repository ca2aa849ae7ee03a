"""Whom of ours a provider's person is. It never gives anybody a right: that stays with who administers people.

The first time, a verified e-mail address leads to the account; from then on the provider's own name of the person
does, so that an address which passes on to somebody else opens nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import hashers
from django.db import IntegrityError, transaction

from meterbook.audit import operations as audit_operations
from meterbook.foundation import scoping
from meterbook.identity import invitations
from meterbook.identity import models as identity_models
from meterbook.identity import queries as identity_queries
from meterbook.installation import models, queries
from meterbook.installation.single_sign_on import protocol, values
from meterbook.kernel.actor import Actor


def admit(
    person: values.Person, *, at: datetime, source: str, token: str = "", admits_unknown: bool = False
) -> identity_models.User:
    """This will return the account of a person whom the provider vouches for. Runs outside a scope.

    :param token: of an invitation that the person came from: it is accepted, if it is for that verified address
    :param admits_unknown: make an account, without any right, for who has none
    :raises protocol.SignInRefused: when there is none, it is switched off, or it belongs to another of the provider's
    """
    link = (
        models.ProviderLink.objects.select_related("user").filter(issuer=person.issuer, subject=person.subject).first()
    )
    if link is not None:
        return _active(link.user)
    if not person.is_verified or not person.email:
        raise protocol.SignInRefused("no verified address")
    user = identity_models.User.objects.filter(email=person.email).first()
    if user is None and token:
        user = _invited(person, token, at=at, source=source)
    if user is None and admits_unknown:
        user = _new(person, at=at, source=source)
    if user is None:
        raise protocol.SignInRefused("nobody here has that address")
    _link(_active(user), person, at=at, source=source)
    return user


def _active(user: identity_models.User) -> identity_models.User:
    if not user.is_active:
        raise protocol.SignInRefused(f"user {user.pk} is switched off")
    return user


def _link(user: identity_models.User, person: values.Person, *, at: datetime, source: str) -> None:
    try:
        with transaction.atomic():
            models.ProviderLink.objects.create(user=user, issuer=person.issuer, subject=person.subject, linked_at=at)
    except IntegrityError as error:
        raise protocol.SignInRefused(f"user {user.pk} is another one of the provider's") from error
    _record(user, "installation:link_provider", at=at, source=source, after={"issuer": person.issuer})


def _invited(person: values.Person, token: str, *, at: datetime, source: str) -> identity_models.User | None:
    try:
        invitation, _organization = invitations.find(token=token, at=at)
        if invitation.email != person.email:
            return None
        row = invitations.accept_as_new(
            token=token,
            at=at,
            name=_name(person) if not invitation.name else invitation.name,
            password=None,
            language=invitation.language,
            source=source,
        )
    except (invitations.InvitationUnusable, invitations.AccountExists):
        return None
    return identity_models.User.objects.get(pk=row.id)


def _new(person: values.Person, *, at: datetime, source: str) -> identity_models.User:
    try:
        with transaction.atomic():
            user = identity_models.User.objects.create(
                email=person.email, name=_name(person), password=hashers.make_password(None)
            )
    except IntegrityError as error:  # in two browsers at once
        raise protocol.SignInRefused("made at the same moment") from error
    _record(user, "identity:create_user", at=at, source=source, after={"email": user.email, "name": user.name})
    return user


def _name(person: values.Person) -> str:
    return (person.name if person.name.isprintable() else "")[:200] or person.email.partition("@")[0]


def _record(user: identity_models.User, action: str, *, at: datetime, source: str, after: dict[str, object]) -> None:
    """Wherever the person may enter; of who may enter nowhere, in the first organization."""
    actor = Actor.user(user.pk, str(user), source=source)
    ids = identity_queries.organization_ids_of(user_id=user.pk, at=at) or queries.first_organization()
    with scoping.scope(ids, actor=actor):
        for each in ids:
            audit_operations.record(
                actor=actor, at=at, action=action, subject=user, before=None, after=after, organization_id=each
            )
