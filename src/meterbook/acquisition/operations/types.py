"""Publish versions of meter types of the organization, and take types out of the choice."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, meter_types, models, type_models
from meterbook.acquisition.library import checks, comparing, documents, writing
from meterbook.audit import operations as audit_operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import values as metering_values

LONGEST_DOCUMENT = 150_000  # characters; the longest shipped one has a tenth of it
RESERVED = frozenset({metering_values.IMPORTED})


class TypeRefused(ValueError):
    """The meter type cannot have this code or this note; `field` names which, the message says what to do."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


class TypeChanged(ValueError):
    """Somebody published another version meanwhile; compare with it, then publish again."""


class TypeInUse(ValueError):
    """Meters count by registers that the version would change; `conflicts` lists them."""

    def __init__(self, conflicts: Collection[comparing.Conflict]) -> None:
        super().__init__(
            _(
                "Meters count by registers that this version would change, and what they stored would mean something"
                " else. Give the changed register a code of its own, or make a new type for other meters."
            )
        )
        self.conflicts = tuple(conflicts)


def examine(text: str, name: str) -> checks.Document:
    """This will check a document as a meter type of an organization, and return it.

    :param name: how faults call it, such as the name of its file
    :raises checks.DocumentInvalid: naming each fault with its line and its remedy
    :raises TypeRefused: when it is too long, or its code is one of the library's
    """
    if len(text) > LONGEST_DOCUMENT:
        raise TypeRefused("document", _("The document is longer than a meter type can be; shorten it."))
    document = checks.parse(text, name)
    faults = list(_unlike_series(document))
    if faults:
        raise checks.DocumentInvalid(faults)
    code = document.content["code"]
    if code in RESERVED or (code in documents.codes() and code not in catalogue.current().own):
        words = _("“%(code)s” is a type of the library, which stays as it is; give this one a code of its own.")
        raise TypeRefused("code", words % {"code": code})
    return document


def _unlike_series(document: checks.Document) -> Iterator[checks.Fault]:
    """What is stored of a register belongs to its series: another quantity under its name could never be installed."""
    known = metering_values.series_types()
    for index, entry in enumerate(document.content["registers"]):
        series = known.get(entry.get("series", entry["code"]))
        if series is None:
            continue
        facts = {"series": series.code, "unit": entry["unit"]}
        if Unit[entry["unit"]].dimension is not series.unit.dimension:
            what, remedy = "%(series)s is not measured in %(unit)s", "correct the unit, or take another code or series"
            yield document.fault(("registers", index, "unit"), what, remedy, **facts)
        elif entry["kind"] != series.kind.value:
            what, remedy = "%(series)s has the kind %(kind)s", "correct the kind, or take another code or series"
            yield document.fault(("registers", index, "kind"), what, remedy, series=series.code, kind=series.kind.value)


def conflicts_of(model: documents.MeterModel) -> tuple[comparing.Conflict, ...]:
    """This will return what of a version stands against the meters of its type that hang."""
    found = list(comparing.conflicts(model, meter_types.list_used_registers(model.code)))
    own = catalogue.current().own.get(model.code)
    meters = len(meter_types.list_affected(model.code)) if own is not None else 0
    if own is not None and meters:
        for what in (comparing.Against.SERVICE, comparing.Against.PROTOCOL):
            before, after = (getattr(each, what.value.lower()) for each in (own.model, model))
            if before != after:
                found.append(comparing.Conflict("", what, before, after, meters))
    return tuple(found)


@operation.operation
def publish_type(
    *, actor: Actor, at: datetime, text: str, base: int, note: str = "", name: str = "meter-type.yaml"
) -> type_models.MeterType:
    """This will make a document the newest version of its meter type; the same document again changes nothing.

    Meters of the type are read by it with their next reading; what is stored stays as it is.

    :param base: the version that it was made from, 0 for a new type
    :raises checks.DocumentInvalid: naming each fault
    :raises TypeRefused: when its code is one of the library's, or the note is too long
    :raises TypeChanged: when the newest version is another one than `base`
    :raises TypeInUse: when meters count by registers that it would change
    """
    document = examine(text, name)
    if len(note) > _length("note"):
        raise TypeRefused("note", _("Write at most %(most)s letters.") % {"most": _length("note")})
    content, code = document.content, document.content["code"]
    newest = _newest(code)
    written = writing.write(content)
    if newest is not None and newest.document == written:
        return newest
    if base != (newest.version if newest is not None else 0):
        raise TypeChanged(_changed(code, newest))
    against = conflicts_of(documents.read(written))
    if against:
        raise TypeInUse(against)
    made = _make(code, written, actor=actor, at=at, newest=newest, note=note, is_offered=True)
    changes = comparing.compare(meter_types.parsed(newest.document), content) if newest is not None else ()
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:publish_type",
        subject=made,
        before={"version": newest.version} if newest is not None else None,
        after={"code": code, "version": made.version, "changes": len(changes), "document": written[:20_000]},
        reason=note,
    )
    _tell(code)
    return made


@operation.operation
def offer_type(*, actor: Actor, at: datetime, code: str, is_offered: bool) -> type_models.MeterType:
    """This will have a type offered for new meters, or no longer; its meters are read as before.

    :raises meter_types.TypeNotFound: when the organization made none of that code
    """
    newest = _newest(code)
    if newest is None:
        raise meter_types.TypeNotFound(f"{code}: {meter_types.TypeNotFound.__doc__}")
    if newest.is_offered == is_offered:
        return newest
    made = _make(code, newest.document, actor=actor, at=at, newest=newest, note="", is_offered=is_offered)
    audit_operations.record(
        actor=actor,
        at=at,
        action="acquisition:offer_type",
        subject=made,
        before={"is_offered": not is_offered},
        after={"code": code, "is_offered": is_offered},
    )
    return made


def _newest(code: str) -> type_models.MeterType | None:
    own = type_models.MeterType.objects.filter(organization_id=scoping.current().organization_id, code=code)
    return own.order_by("-version").first()


def _make(
    code: str,
    document: str,
    *,
    actor: Actor,
    at: datetime,
    newest: type_models.MeterType | None,
    note: str,
    is_offered: bool,
) -> type_models.MeterType:
    try:
        with transaction.atomic():
            made = type_models.MeterType.objects.create(
                organization_id=scoping.current().organization_id,
                code=code,
                version=newest.version + 1 if newest is not None else 1,
                document=document,
                is_offered=is_offered,
                note=note,
                author=actor.label[: _length("author")],
                made_at=at,
            )
    except IntegrityError as error:
        raise TypeChanged(_changed(code, newest)) from error
    catalogue.forget()
    return made


def _tell(code: str) -> None:
    """Collectors look at their devices again; without this they would with their next look, half a minute later."""
    organization_id = scoping.current().organization_id
    devices = models.Device.objects.filter(organization_id=organization_id, model_code=code, is_enabled=True)
    foundation_bus.notify("device", organization_id, list(devices.order_by("id").values_list("pk", flat=True)))


def _changed(code: str, newest: type_models.MeterType | None) -> str:
    if newest is None:
        return _("There is no type “%(code)s” yet: publish it as a new one.") % {"code": code}
    words = _("Version %(version)s of “%(code)s” was published by %(author)s meanwhile; compare with it first.")
    return words % {"version": newest.version, "code": code, "author": newest.author}


def _length(field: str) -> int:
    return int(getattr(type_models.MeterType._meta.get_field(field), "max_length", 0))
