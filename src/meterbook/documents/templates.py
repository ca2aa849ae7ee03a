"""Templates of documents: written as a draft, looked at, put in force as a version that never changes. Data only.

A version holds from its activation on: a document has the one that was in force when it was issued.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.documents import models
from meterbook.documents.rendering import looks, words
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

# Texts by language, and how many characters each may have.
TEXTS = {
    "title": 40,
    "notice": 400,
    "dispute": 400,
    "hours": 120,
    "average_cost": 160,
    "payment": 200,
    "legal": 400,
    "credit_title": 40,
    "credit_notice": 400,
}
PAYEE_LENGTH = 70
COLOR = re.compile(r"#[0-9a-f]{6}")
IBAN, BIC = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"), re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff0-\uffff]")
IBAN_MODULUS, IBAN_REST = 97, 1  # ISO 13616


class TemplateRefused(ValueError):
    """Something in the template cannot be; `faults` says what, by field (texts as "notice.en")."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = dict(faults)


class NothingToActivate(ValueError):
    """There is no draft, or it says what is in force already."""


@dataclass(frozen=True)
class VersionRow:
    """A version of a template. `look` is None where a site went back to the template of all sites."""

    public_id: uuid.UUID
    site_id: uuid.UUID | None
    version: int
    look: looks.Look | None
    digest: str
    active_from: datetime
    activated_by: str


@dataclass(frozen=True)
class DraftRow:
    """A template that is being written."""

    look: looks.Look
    changed_at: datetime
    changed_by: str


def plain(look: looks.Look) -> dict[str, Any]:
    """This will return a template as JSON."""
    return json.loads(json.dumps(asdict(look), sort_keys=True))  # type: ignore[no-any-return]


def read(facts: Mapping[str, Any]) -> looks.Look:
    """This will read what `plain` wrote; what later releases know besides is left out, what they lack is usual."""
    known = {each.name for each in fields(looks.Look)}
    made = {key: value for key, value in facts.items() if key in known}
    for key, kind in (("logo", looks.LogoPlace), ("paper", looks.Paper)):
        if key in made:
            made[key] = kind(made[key])
    return looks.Look(**made)


def require(look: looks.Look) -> None:
    """This will pass a template that can be printed, read and paid by.

    :raises TemplateRefused: otherwise, with every fault
    """
    faults = dict(_faults(look))
    if faults:
        raise TemplateRefused(faults)


@operation.operation
def save_draft(*, actor: Actor, at: datetime, site_id: uuid.UUID | None, look: looks.Look) -> None:
    """This will keep a template that is being written: of one site, or of all (None). Nothing is printed by it yet.

    :raises TemplateRefused: when something in it cannot be
    """
    require(look)
    organization_id = scoping.current().organization_id
    after = {"facts": plain(look), "changed_at": at, "changed_by": actor.label}
    models.TemplateDraft.objects.update_or_create(organization_id=organization_id, site_id=site_id, defaults=after)


@operation.operation
def discard_draft(*, actor: Actor, at: datetime, site_id: uuid.UUID | None) -> None:
    """This will throw a draft away."""
    organization_id = scoping.current().organization_id
    gone, _kinds = models.TemplateDraft.objects.filter(organization_id=organization_id, site_id=site_id).delete()
    if not gone:
        raise NothingToActivate(_("There is no draft."))


@operation.operation
def activate(*, actor: Actor, at: datetime, site_id: uuid.UUID | None) -> VersionRow:
    """This will put the draft in force for documents that are issued from now on.

    :raises NothingToActivate: when there is no draft, or it says what is in force already
    """
    organization_id = scoping.current().organization_id
    draft = (
        models.TemplateDraft.objects.select_for_update()
        .filter(organization_id=organization_id, site_id=site_id)
        .first()
    )
    if draft is None:
        raise NothingToActivate(_("There is no draft."))
    require(read(draft.facts))
    made = _put(actor, at, site_id, draft.facts)
    draft.delete()
    return made


@operation.operation
def give_up(*, actor: Actor, at: datetime, site_id: uuid.UUID) -> VersionRow:
    """This will let a site go back to the template of all sites, for documents that are issued from now on.

    :raises NothingToActivate: when the site has none of its own
    """
    newest = _newest(site_id)
    if newest is None or newest.facts is None:
        raise NothingToActivate(_("The site has no template of its own."))
    return _put(actor, at, site_id, None)


def in_force(*, site_id: uuid.UUID, at: datetime) -> models.TemplateVersion | None:
    """This will return the version that holds for documents of a site issued at `at`; None: the usual look."""
    own = _newest(site_id, at)
    return own if own is not None and own.facts is not None else _newest(None, at)


def newest_of_all(*, at: datetime) -> models.TemplateVersion | None:
    """This will return the version of all sites that holds at `at`; None: the usual look."""
    return _newest(None, at)


def look_of(version: str) -> looks.Look:
    """This will return the look of a version, by its public id; without one it is the usual look."""
    if not version:
        return looks.Look()
    organization_id = scoping.current().organization_id
    found = models.TemplateVersion.objects.get(organization_id=organization_id, public_id=version)
    return read(found.facts or {})


def list_versions() -> list[VersionRow]:
    """This will return all versions, the newest first."""
    organization_id = scoping.current().organization_id
    found = models.TemplateVersion.objects.filter(organization_id=organization_id).order_by("-active_from", "-id")
    return [_row(each) for each in found]


def find_draft(*, site_id: uuid.UUID | None) -> DraftRow | None:
    """This will return what is being written, or None."""
    organization_id = scoping.current().organization_id
    found = models.TemplateDraft.objects.filter(organization_id=organization_id, site_id=site_id).first()
    return None if found is None else DraftRow(read(found.facts), found.changed_at, found.changed_by)


def drafts() -> list[uuid.UUID | None]:
    """This will name the sites of which something is being written; None: the template of all."""
    organization_id = scoping.current().organization_id
    return list(models.TemplateDraft.objects.filter(organization_id=organization_id).values_list("site_id", flat=True))


def _put(actor: Actor, at: datetime, site_id: uuid.UUID | None, facts: dict[str, Any] | None) -> VersionRow:
    organization_id = scoping.current().organization_id
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()
    newest = _newest(site_id)
    if newest is not None and newest.digest == digest:
        raise NothingToActivate(_("This is what is in force already."))
    made = models.TemplateVersion.objects.create(
        organization_id=organization_id,
        site_id=site_id,
        version=1 if newest is None else newest.version + 1,
        facts=facts,
        digest=digest,
        active_from=at,
        activated_by=actor.label,
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="documents:activate_template",
        subject=made,
        before=None if newest is None else {"version": newest.version, "digest": newest.digest},
        after={"version": made.version, "digest": digest, "site": str(site_id or "")},
    )
    return _row(made)


def _newest(site_id: uuid.UUID | None, at: datetime | None = None) -> models.TemplateVersion | None:
    organization_id = scoping.current().organization_id
    found = models.TemplateVersion.objects.filter(organization_id=organization_id, site_id=site_id)
    if at is not None:
        found = found.filter(active_from__lte=at)
    return found.order_by("-version").first()


def _row(found: models.TemplateVersion) -> VersionRow:
    return VersionRow(
        public_id=found.public_id,
        site_id=found.site_id,
        version=found.version,
        look=None if found.facts is None else read(found.facts),
        digest=found.digest,
        active_from=found.active_from,
        activated_by=found.activated_by,
    )


def _faults(look: looks.Look) -> Iterator[tuple[str, str]]:
    for name, most in TEXTS.items():
        for language, text in getattr(look, name).items():
            if language not in words.LANGUAGES:
                yield f"{name}.{language}", _("Documents have no words in this language.")
            elif len(text) > most:
                yield f"{name}.{language}", _("At most %(most)s characters fit.") % {"most": most}
            elif CONTROLS.search(text):
                yield f"{name}.{language}", _("Signs that cannot be printed stand in it. Type it anew.")
    if len(look.payee) > PAYEE_LENGTH or CONTROLS.search(look.payee):
        yield "payee", _("At most %(most)s characters fit.") % {"most": PAYEE_LENGTH}
    if look.iban and not _is_iban(look.iban):
        yield "iban", _("This is no IBAN: its check digits do not fit.")
    if look.bic and not BIC.fullmatch(look.bic):
        yield "bic", _("A BIC has 8 or 11 letters and digits.")
    if not COLOR.fullmatch(look.accent):
        yield "accent", _("Write the color as # and six digits, such as #0f766e.")
    elif looks.contrast(look.accent) < looks.LEAST_CONTRAST:
        yield "accent", _("Words in this color could hardly be read on paper. Take a darker one.")


def _is_iban(iban: str) -> bool:
    """By its check digits (ISO 13616): the number with its first four signs at its end leaves 1 when divided by 97."""
    if not IBAN.fullmatch(iban):
        return False
    digits = "".join(str(int(each, 36)) for each in iban[4:] + iban[:4])
    return int(digits) % IBAN_MODULUS == IBAN_REST
