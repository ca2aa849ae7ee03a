"""Reads of tariffs. Each needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.tariffs import models, sources, values
from meterbook.tariffs.rating import component_reading, reading
from meterbook.tariffs.rating.document import TariffDocument


@dataclass(frozen=True)
class VersionRow:
    """A version as screens and billing see it; `first_day` and `until_day` are None where open or not in force."""

    id: int
    public_id: uuid.UUID
    tariff_id: int
    number: int
    state: values.VersionState
    raw: dict[str, Any]
    digest: str
    first_day: date | None
    until_day: date | None
    author: str
    author_id: int | None
    publisher: str
    published_at: datetime | None

    @property
    def document(self) -> TariffDocument:
        """The document, ready for rating."""
        return reading.read(self.raw, sources.calendars())


@dataclass(frozen=True)
class TariffRow:
    """A tariff with the version of a day and the draft, where there are such."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    currency: str
    current: VersionRow | None
    draft: VersionRow | None

    @property
    def names(self) -> Mapping[str, str]:
        """What it is called, by language; "en" is always there."""
        version = self.current or self.draft
        return component_reading.text_of(version.raw["name"]) if version else {"en": self.name}


@dataclass(frozen=True)
class TariffName:
    """What a tariff is called by language ("en" is always there), and where its page is."""

    public_id: uuid.UUID
    code: str
    names: Mapping[str, str]


@dataclass(frozen=True)
class VersionName:
    """A version to be chosen; `first_day` None: a draft."""

    public_id: uuid.UUID
    tariff_public_id: uuid.UUID
    tariff_names: Mapping[str, str]  # what this version calls the tariff, by language
    tariff_code: str
    currency: str
    number: int
    first_day: date | None


@dataclass(frozen=True)
class PartNames:
    """What components and taxes are called, by their codes: language to words, "en" is always there.

    Several where tariffs call one differently; those of the tariff that was made first come first.
    """

    components: Mapping[str, Sequence[Mapping[str, str]]]
    taxes: Mapping[str, Sequence[Mapping[str, str]]]


class TariffNotFound(LookupError):
    """There is no such tariff in this organization."""


class NoVersionInForce(LookupError):
    """No published version of the tariff is in force on that day: publish one that starts then or before."""


def list_tariffs(*, on: date) -> list[TariffRow]:
    """This will return all tariffs by code, each with the version in force on a day and its draft."""
    scope = scoping.current().organizations
    tariffs = list(models.Tariff.objects.filter(organization_id__in=scope).order_by("code", "id"))
    return _rows(tariffs, on)


def waiting_drafts() -> tuple[int, uuid.UUID | None, str]:
    """This will count the drafts that nobody has published, and return public id and name of the oldest's tariff."""
    drafts = models.TariffVersion.objects.filter(
        organization_id=scoping.current().organization_id, state=values.VersionState.DRAFT.value
    )
    oldest = drafts.select_related("tariff").order_by("id").first()
    if oldest is None:
        return 0, None, ""
    return drafts.count(), oldest.tariff.public_id, oldest.tariff.name


def names_of(*, codes: Iterable[str]) -> dict[str, TariffName]:
    """This will return tariffs by their codes with the names of their newest versions; unknown ones are left out."""
    organization_id = scoping.current().organization_id
    found = list(models.Tariff.objects.filter(organization_id=organization_id, code__in=list(codes)).order_by("code"))
    versions = models.TariffVersion.objects.filter(organization_id=organization_id, tariff__in=found)
    names = dict(versions.order_by("number", "id").values_list("tariff_id", "document__name"))
    return {
        each.code: TariffName(each.public_id, each.code, component_reading.text_of(names.get(each.pk) or each.name))
        for each in found
    }


def version_names(*, ids: Collection[int] | None = None) -> dict[int, VersionName]:
    """This will return versions by their internal ids: by code of the tariff, the newest first, in one query.

    :param ids: without them all versions of all tariffs
    """
    versions = models.TariffVersion.objects.filter(organization_id=scoping.current().organization_id)
    if ids is not None:
        versions = versions.filter(pk__in=list(ids))
    rows = versions.order_by("tariff__code", "-number", "id").values_list(
        "id",
        "public_id",
        "tariff__public_id",
        "document__name",
        "tariff__code",
        "tariff__currency",
        "number",
        "during__startswith",
    )
    return {
        pk: VersionName(own, tariff, component_reading.text_of(names), *more) for pk, own, tariff, names, *more in rows
    }


def part_names(*, currency: str) -> PartNames:
    """This will return what the tariffs of a currency call their parts: each by its newest version that has it."""
    versions = models.TariffVersion.objects.filter(
        organization_id=scoping.current().organization_id,
        tariff__currency=currency,
        state=values.VersionState.PUBLISHED,
    )
    components: dict[str, dict[int, Mapping[str, str]]] = {}
    taxes: dict[str, dict[int, Mapping[str, str]]] = {}
    rows = versions.order_by("tariff_id", "id").values_list("tariff_id", "document__components", "document__taxes")
    for tariff_id, own, due in rows:
        for found, parts in ((components, own), (taxes, due)):
            for each in parts or ():
                found.setdefault(each["code"], {})[tariff_id] = component_reading.text_of(each["name"])
    return PartNames(_distinct(components), _distinct(taxes))


def _distinct(found: Mapping[str, Mapping[int, Mapping[str, str]]]) -> dict[str, list[Mapping[str, str]]]:
    """A new tariff with the same code adds its name behind the others, and takes none away."""
    names: dict[str, list[Mapping[str, str]]] = {}
    for code, by_tariff in found.items():
        own = names.setdefault(code, [])
        own += [each for place, each in enumerate(by_tariff.values()) if each not in list(by_tariff.values())[:place]]
    return names


def has_tariffs() -> bool:
    """This will tell whether there is any tariff."""
    return models.Tariff.objects.filter(organization_id__in=scoping.current().organizations).exists()


def get_tariff(*, public_id: uuid.UUID, on: date) -> TariffRow:
    """This will return one tariff.

    :raises TariffNotFound: when it is not there or belongs to another organization
    """
    scope = scoping.current().organizations
    found = models.Tariff.objects.filter(organization_id__in=scope, public_id=public_id).first()
    if found is None:
        raise TariffNotFound(_("There is no such tariff."))
    return _rows([found], on)[0]


def list_versions(*, tariff_id: int) -> list[VersionRow]:
    """This will return the versions of a tariff, the newest first."""
    scope = scoping.current().organizations
    versions = models.TariffVersion.objects.filter(organization_id__in=scope, tariff_id=tariff_id)
    return [_version(each) for each in versions.order_by("-number", "-id")]


def version_in_force(*, tariff_id: int, day: date) -> VersionRow:
    """This will return the published version of a day; never the nearest one.

    :raises NoVersionInForce: naming tariff and day
    """
    scope = scoping.current().organizations
    versions = models.TariffVersion.objects.filter(
        organization_id__in=scope, tariff_id=tariff_id, state=values.VersionState.PUBLISHED, during__contains=day
    )
    found = versions.first()
    if found is None:
        tariff = models.Tariff.objects.filter(organization_id__in=scope, pk=tariff_id).first()
        raise NoVersionInForce(
            _("Tariff %(tariff)s has no version in force on %(day)s; publish one that starts then or before.")
            % {"tariff": tariff or tariff_id, "day": day.isoformat()}
        )
    return _version(found)


def versions_by_id(*, ids: Iterable[int]) -> dict[int, VersionRow]:
    """This will return versions by their internal ids."""
    scope = scoping.current().organizations
    versions = models.TariffVersion.objects.filter(organization_id__in=scope, pk__in=list(ids))
    return {each.pk: _version(each) for each in versions.order_by("id")}


def _rows(tariffs: list[models.Tariff], on: date) -> list[TariffRow]:
    scope = scoping.current().organizations
    versions = models.TariffVersion.objects.filter(organization_id__in=scope, tariff__in=tariffs)
    drafts = {each.tariff_id: _version(each) for each in versions.filter(state=values.VersionState.DRAFT)}
    published = versions.filter(state=values.VersionState.PUBLISHED, during__contains=on)
    current = {each.tariff_id: _version(each) for each in published}
    return [
        TariffRow(
            id=each.pk,
            public_id=each.public_id,
            code=each.code,
            name=each.name,
            currency=each.currency,
            current=current.get(each.pk),
            draft=drafts.get(each.pk),
        )
        for each in tariffs
    ]


def _version(version: models.TariffVersion) -> VersionRow:
    return VersionRow(
        id=version.pk,
        public_id=version.public_id,
        tariff_id=version.tariff_id,
        number=version.number,
        state=values.VersionState(version.state),
        raw=version.document,
        digest=version.digest,
        first_day=version.during.lower if version.during is not None else None,
        until_day=version.during.upper if version.during is not None else None,
        author=version.author,
        author_id=version.author_id,
        publisher=version.publisher,
        published_at=version.published_at,
    )
