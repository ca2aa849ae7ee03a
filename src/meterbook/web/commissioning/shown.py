"""A meter that was found, as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition.commissioning import ranking, transformers
from meterbook.acquisition.commissionings import SurveyedMeter as SurveyedMeter
from meterbook.acquisition.contract import frames
from meterbook.acquisition.library import orders
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.metering import permissions as metering_permissions
from meterbook.web import access
from meterbook.web.commissioning import forms, words
from meterbook.web.meters import adding_words, probing_records
from meterbook.web.sites import choice

FIRST, FIRST_VALUES = 4, 8  # candidates and values that are shown at once
TELLING = frozenset({"voltage", "current", "frequency", "power", "power_factor", "flow", "temperature_flow"})


@dataclass(frozen=True)
class Choice:
    """A type to choose from, with what speaks for it or against it."""

    code: str
    name: str
    chip: words.Chip
    evidence: tuple[str, ...]
    came: str
    is_chosen: bool


@dataclass(frozen=True)
class OrderChoice:
    """An order of bytes with what the main counter says in it."""

    code: str
    digits: str
    value: str
    is_plausible: bool
    is_chosen: bool


@dataclass(frozen=True)
class Value:
    """A register with what it says."""

    caption: str
    value: str
    is_main: bool
    is_telling: bool


@dataclass(frozen=True)
class Verdict:
    """Whether the meter says what its display shows; `use` is the choice that would make it, empty for none."""

    tone: str
    icon: str
    words: str
    use: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Shown:
    """The page of a meter."""

    row: SurveyedMeter
    site: str
    zone: ZoneInfo
    name: str
    traps: tuple[str, ...]
    choices: tuple[Choice, ...]
    others: tuple[Choice, ...]
    orders: tuple[OrderChoice, ...]
    scales: tuple[tuple[str, object, bool], ...]
    main: str
    main_caption: str
    values: tuple[Value, ...]
    more_values: tuple[Value, ...]
    records: tuple[probing_records.RecordLine, ...]
    who: str
    verdict: Verdict | None
    findings: tuple[words.Said, ...]
    faults: int
    problem: str
    causes: tuple[str, ...]
    registers: int
    has_phases: bool
    add_href: str
    type_href: str
    has_scale: bool
    has_device: bool


def of(request: access.Request, row: SurveyedMeter, form: forms.NotesForm) -> Shown:
    """This will gather what the page shows of a meter.

    :param form: the notes, checked
    """
    model = row.model
    site = next((each for each in choice.all_sites(request) if each.id == row.bus.site_id), None)
    choices = tuple(_choice(each, row) for each in row.candidates)
    samples = row.samples()
    main = next((each for each in samples if model and each.code == orders.main_counter(model).code), None)
    measured = transformers.measured_of(samples)
    listed = _values(row, model, samples)
    findings = _findings(measured, form) if model is not None and model.service == "ELECTRICITY" else ()
    problem = row.problem
    return Shown(
        row=row,
        site=site.name if site else "",
        zone=site.zone if site else ZoneInfo("UTC"),
        name=f"{model.manufacturer} {model.name}" if model is not None else "",
        traps=tuple(words.caption(each) for each in model.traps) if model is not None else (),
        choices=choices[:FIRST],
        others=choices[FIRST:],
        orders=_orders(row, model),
        scales=tuple((code, caption, Fraction(code) == row.scale) for code, caption in forms.SCALE_CAPTIONS),
        main=words.value(row, main) if main is not None else "",
        main_caption=words.caption(orders.main_counter(model).caption) if model is not None else "",
        values=listed[:FIRST_VALUES],
        more_values=listed[FIRST_VALUES:],
        records=probing_records.listed(row.records, model) if row.is_mbus else (),
        who=probing_records.named(row.kin),
        verdict=_verdict(row, form, main),
        findings=tuple(words.said(each) for each in findings),
        faults=sum(each.kind.is_fault for each in findings),
        problem=f"{problem.words} {problem.remedy}" if problem is not None else "",
        causes=adding_words.causes(problem, protocol=row.bus.protocol),
        registers=len(row.sent.answers),
        has_phases=len(measured.phases) > 1,
        add_href=_add_href(request, row, form, site.public_id if site else ""),
        type_href=_type_href(request, row),
        has_scale=row.scale != 1,
        has_device=row.device is not None,
    )


def _choice(candidate: ranking.Candidate, row: SurveyedMeter) -> Choice:
    model = candidate.model
    facts = {"came": candidate.came, "asked": candidate.asked}
    return Choice(
        code=model.code,
        name=f"{model.manufacturer} {model.name}",
        chip=words.chip(candidate.grade),
        evidence=words.evidence(candidate),
        came=_("%(came)s of %(asked)s registers came") % facts,
        is_chosen=row.model is not None and row.model.code == model.code,
    )


def _orders(row: SurveyedMeter, model: MeterModel | None) -> tuple[OrderChoice, ...]:
    if model is None or row.is_mbus:
        return ()
    main = orders.main_counter(model)
    sent = row.sent.of(main)
    if sent is None:
        return ()
    found = orders.readings(main, "".join(f"{word:04x}" for word in sent))
    is_short = len(found) < len(ByteOrder)  # one word has its two bytes only

    def written(number: Decimal | None) -> str:
        scaled = ranking.scaled(number, row.scale) if number is not None else None
        return f"{adding_words.number(scaled, main.decimals)} {main.unit.symbol}"

    return tuple(
        OrderChoice(
            code=each.order.value,
            digits=each.digits,
            value=written(each.number),
            is_plausible=each.is_plausible,
            is_chosen=each.order is row.order or (is_short and each.order.value[:2] == row.order.value[-2:] == "21"),
        )
        for each in found
    )


def _values(row: SurveyedMeter, model: MeterModel | None, samples: tuple[frames.Sample, ...]) -> tuple[Value, ...]:
    if model is None:
        return ()
    captions = {each.code: words.caption(each.caption) for each in model.registers}
    main = orders.main_counter(model).code
    listed = [
        Value(captions[each.code], words.value(row, each), each.code == main, _is_telling(each)) for each in samples
    ]
    return tuple(sorted(listed, key=lambda each: (not each.is_main, not each.is_telling)))


def _is_telling(sample: frames.Sample) -> bool:
    return sample.series_code.removesuffix("_l1") in TELLING or sample.series_code in TELLING


def _verdict(row: SurveyedMeter, form: forms.NotesForm, main: frames.Sample | None) -> Verdict | None:
    display: Decimal | None = form.cleaned_data.get("display")
    if display is None or row.model is None:
        return None
    if main is not None and display and ranking.is_near(Fraction(row.scaled(main)), display):
        return Verdict("ok", "check", _("It says what the display shows."))
    if main is not None and not display and not main.value:
        return Verdict("stale", "info", _("Both show nothing yet; compare again when the meter has counted."))
    mine = [each for each in row.candidates if each.model.code == row.model.code]
    found = None if row.is_mbus else ranking.explain([*mine, *row.candidates], row.sent, display)
    if found is None:
        words_of_none = _(
            "Nothing that the meter sent says that. Look for the total on the display, and wait for the next reading; "
            "a display in another unit, or with transformers inside, shows another number."
        )
        return Verdict("alarm", "alert", words_of_none)
    scale = str(ranking.scaled(Decimal(1), found.scale))
    how = {"name": found.model.name, "order": "-".join(found.order.value)}
    caption = _("%(name)s in the order %(order)s") % how
    if found.scale != 1:
        caption += f", {dict(forms.SCALE_CAPTIONS)[scale]}"
    said = _("Not as it is read now. It does as: %(how)s.") % {"how": caption}
    return Verdict("warn", "alert", said, "|".join((found.model.code, found.order.value, scale)), caption)


def _findings(measured: transformers.Measured, form: forms.NotesForm) -> tuple[transformers.Finding, ...]:
    return transformers.check(
        measured,
        multiplier=form.cleaned_data.get("multiplier") or Fraction(1),
        tolerance=form.tolerance_percent,
        clamps=form.clamps(tuple(each.name for each in measured.phases)),
        load=form.watts,
    )


def _add_href(request: access.Request, row: SurveyedMeter, form: forms.NotesForm, site: object) -> str:
    """The page that adds a meter, with all that is known of this one; empty for who may not."""
    if row.model is None or not request.access.allows(metering_permissions.MANAGE_METER, row.bus.site_id):
        return ""
    is_own = row.order is orders.order_of(orders.main_counter(row.model)) or row.is_mbus
    serial = row.kin[1] if row.kin else (row.device or {}).get("serial_number", "")
    query = {
        "model": row.model.code,
        "site": site,
        "gateway": row.bus.public_id,
        "unit": "" if row.secondary else row.unit_id,
        "secondary": row.secondary,
        "order": "" if is_own else row.order.value,
        "multiplier": row.notes.get("multiplier", "") if "multiplier" not in form.errors else "",
        "serial": serial,
    }
    written = urlencode({key: str(value) for key, value in query.items() if str(value)})
    return f"{reverse('meter_new', args=[request.organization.public_id])}?{written}"


def _type_href(request: access.Request, row: SurveyedMeter) -> str:
    """The page that makes a type of it, read as it is read now; empty for who may not."""
    if row.model is None or row.model.is_named or not request.access.allows(acquisition_permissions.EDIT_TYPE):
        return ""
    query = {"from": row.model.code, "order": row.order.value, "scale": str(ranking.scaled(Decimal(1), row.scale))}
    return f"{reverse('type_new', args=[request.organization.public_id])}?{urlencode(query)}"
