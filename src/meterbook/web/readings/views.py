"""Enter the readings of a month: a list in the order of a walk, saved row by row or as a whole; and its sheet."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.documents import attachments
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import SERVICE_CAPTIONS
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access, parameters, services
from meterbook.web.meters import instants
from meterbook.web.readings import forms, offline, review, rounds, saving
from meterbook.web.sites import choice
from meterbook.web.templatetags import meterbook as tags

guard = access.page(permission=permissions.ENTER_READING, module=Module.METERING, by_site=True)
MISSING = "missing"
MILLIONTHS = 6


@dataclass(frozen=True)
class FurtherShown:
    """Another register of a meter: its field, and what it showed before and in this round."""

    row: monitoring_queries.HandRow
    field: django_forms.BoundField
    before: str
    entered: str


@dataclass(frozen=True)
class Shown:
    """One meter of the list, as its template needs it."""

    key: str
    row: monitoring_queries.HandRow
    form: forms.RowForm
    place: str
    service: str
    icon: str
    tone: str
    before: str
    entered: str
    usual: str
    plain: str
    since: str
    whole_digits: int
    problem: str
    doubts: tuple[str, ...]
    told: str
    distance: str
    photo: uuid.UUID | None
    is_photo_asked: bool
    is_photo_needed: bool
    is_repeat: bool

    @property
    def further(self) -> list[FurtherShown]:
        """The other registers of the meter."""
        return [
            FurtherShown(
                row=each,
                field=self.form[forms.register_field(each.series_code)],
                before=_number(each, each.before),
                entered=_number(each, each.entered),
            )
            for each in self.row.further
        ]

    @property
    def is_open(self) -> bool:
        """Whether its further fields are shown at once; of a settled row the time tells which reading is corrected."""
        return bool(self.form["at"].errors or self.form["at"].data or self.form["kind"].data or self.is_settled)

    @property
    def is_settled(self) -> bool:
        """Whether the reading is there and nothing more was typed: its field is folded away."""
        return self.row.entered is not None and not self.form.is_typed


@require_http_methods(["GET", "POST"])
@guard
def enter(request: access.Request) -> HttpResponse:
    """This will show the list of a month, or save what was typed: one row, or all of them."""
    zone = choice.clock_zone(request)
    month = rounds.month_of(request, zone)
    if offline.is_of_another(request):
        return offline.refuse_another()
    if request.method == "GET":
        return _page(request, rounds.load(request, month), {}, {}, None)
    busy = saving.make_room(request)
    found = rounds.load(request, month)
    when = forms.WhenForm(request.POST, zone=zone, at=request.at, proposed=found.begins_at(request.at))
    only = request.POST.get("save", "")
    typed = {str(each.public_id): _form(request, each) for each in found.rows}
    instant = when.cleaned_data["at"] if when.is_valid() and not busy else None
    outcomes: dict[str, saving.Outcome] = {}
    numbers = saving.typed_numbers(found, typed, instant) if instant is not None else {}
    for each in found.rows:
        key = str(each.public_id)
        if (
            instant is not None
            and only in ("", key)
            and (outcome := saving.save(request, found, typed[key], each, instant, numbers)) is not None
        ):
            outcomes[key] = outcome
    if busy:
        messages.error(request, busy)
    fresh = rounds.load(request, month)
    forms_left = {key: form for key, form in typed.items() if key not in outcomes or not outcomes[key].is_saved}
    if not access.wants_page(request):
        return _part(request, fresh, only, forms_left, outcomes, when)
    if not busy and when.is_valid() and all(each.is_saved for each in outcomes.values()):
        return _saved(request, list(outcomes.values()), is_row=bool(only), left=forms_left, fresh=fresh, when=when)
    return _page(request, fresh, forms_left, outcomes, when, status=422)


def _saved(
    request: access.Request,
    outcomes: Sequence[saving.Outcome],
    *,
    is_row: bool,
    left: dict[str, forms.RowForm],
    fresh: rounds.Round,
    when: forms.WhenForm,
) -> HttpResponse:
    count = len(outcomes)
    if not count:
        messages.info(request, _("Nothing was typed yet."))
    elif count == 1 or any(each.is_correction for each in outcomes):
        messages.success(request, " ".join(each.told for each in outcomes))
    else:
        words = ngettext("%(count)s reading was saved.", "%(count)s readings were saved.", count)
        messages.success(request, words % {"count": count})
    if is_row and any(form.is_typed for form in left.values()):
        return _page(request, fresh, left, {}, when)  # what stands in other rows is not lost
    return HttpResponseRedirect(request.get_full_path())


@require_GET
@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def photo(request: access.Request, reading_photo: uuid.UUID) -> HttpResponse:
    """This will give the photo of a display out."""
    try:
        site_id, content = metering_queries.get_photo(public_id=reading_photo)
    except metering_queries.PhotoNotFound as error:
        raise Http404(_("There is no such photo.")) from error
    if not request.access.allows(permissions.VIEW_METER, site_id):
        raise Http404(_("There is no such photo."))
    # It was written by us and never changes; shown in the page, whatever it may be called.
    headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=attachments.JPEG, headers=headers)


@require_GET
@guard
def sheet(request: access.Request) -> HttpResponse:
    """This will show the list as a sheet to print and fill in by pen."""
    found = rounds.load(request, rounds.month_of(request, choice.clock_zone(request)))
    site = choice.chosen_site(request)
    context = {
        "round": found,
        "rows": [_shown(request, found, each, None, None) for each in found.rows],
        "place": site.name if site else request.organization.name,
        "back": rounds.address(request, found.month),
    }
    return render(request, "readings/sheet.html", context)


def _form(request: access.Request, row: monitoring_queries.HandRow) -> forms.RowForm:
    return forms.RowForm(
        request.POST, request.FILES, prefix=str(row.public_id), zone=row.zone, at=request.at, further=row.further
    )


def _fresh(request: access.Request, row: monitoring_queries.HandRow) -> forms.RowForm:
    """Where a reading is there, its time is proposed: another number of that time corrects it."""
    form = forms.RowForm(prefix=str(row.public_id), zone=row.zone, at=request.at, further=row.further)
    if row.entered is not None:
        form.initial["at"] = instants.shown(row.entered.at, row.zone)
    return form


def _page(
    request: access.Request,
    found: rounds.Round,
    typed: dict[str, forms.RowForm],
    outcomes: dict[str, saving.Outcome],
    when: forms.WhenForm | None,
    *,
    status: int = 200,
) -> HttpResponse:
    words, show = parameters.search(request), request.GET.get("show", "")
    rows = [
        _shown(request, found, each, typed.get(str(each.public_id)), outcomes.get(str(each.public_id)))
        for each in found.rows
        if _is_wanted(each, words, show) or str(each.public_id) in outcomes
    ]
    following = civil.next_month(found.month)
    today = civil.local_date(request.at, found.zone)
    proposed = found.begins_at(request.at)
    context: dict[str, Any] = {
        "round": found,
        "rows": rows,
        "when": when or forms.WhenForm(zone=found.zone, at=request.at, proposed=proposed),
        "search": words,
        "is_narrowed": show == MISSING,
        "earlier": rounds.address(request, (found.month - timedelta(days=1)).replace(day=1)),
        "later": rounds.address(request, following) if following <= today.replace(day=1) else "",
        "all": rounds.address(request, found.month, q=words),
        "missing": rounds.address(request, found.month, q=words, show=MISSING),
        "sheet": f"{reverse('readings_sheet', args=[request.organization.public_id])}?month={found.code}",
        "percent": found.done * 100 // found.total if found.total else 0,
        "month_end_field": instants.shown(found.month_end, found.zone) if found.month_end <= request.at else "",
        "may_add": request.access.allows_somewhere(permissions.MANAGE_METER),
        "island": offline.island(request, found),
        "waits_for_review": len(review.waiting(request)),
        "review": reverse("readings_review", args=[request.organization.public_id]),
        "page_texts": _texts() | offline.texts(),
    }
    response = render(request, "readings/enter.html", context, status=status)
    response.headers["Permissions-Policy"] = offline.WITH_CAMERA
    return response


def _texts() -> dict[str, str]:
    return {
        "reading_use": _("Used since: {use}"),
        "reading_digits": _("The display has not that many digits; look again."),
        "reading_lower": _("It is lower than the reading before: a reason and a photo of the display belong to it."),
        "reading_much": _("It is more than three times the usual use of this time, about {usual}."),
        "reading_progress": _("{done} of {total}"),
        "reading_lost": _("It was not saved: the server did not answer. What you typed is still here; try again."),
    }


def _is_wanted(row: monitoring_queries.HandRow, words: str, show: str) -> bool:
    told = " ".join((row.unit_name, row.code, row.name, row.serial_number)).casefold()
    return words.casefold() in told and (show != MISSING or row.is_missing)


def _part(
    request: access.Request,
    fresh: rounds.Round,
    only: str,
    left: dict[str, forms.RowForm],
    outcomes: dict[str, saving.Outcome],
    when: forms.WhenForm,
) -> HttpResponse:
    """One row, for the page that saves while it is typed in."""
    row = next((each for each in fresh.rows if str(each.public_id) == only), None)
    outcome = outcomes.get(only)
    if row is None:
        return JsonResponse({"isSaved": False, "words": _("There is no such meter.")}, status=404)
    shown = _shown(request, fresh, row, left.get(only), outcome)
    told = {
        "isSaved": outcome is not None and outcome.is_saved,
        "html": render_to_string("readings/_row.html", {"each": shown, "zone": fresh.zone}, request),
        "done": fresh.done,
        "total": fresh.total,
        "told": outcome.told if outcome else "",
        "isRepeat": shown.is_repeat,
        "words": " ".join(str(each) for each in when.errors.get("at", [])),
    }
    return JsonResponse(told)


def _shown(
    request: access.Request,
    found: rounds.Round,
    row: monitoring_queries.HandRow,
    form: forms.RowForm | None,
    outcome: saving.Outcome | None,
) -> Shown:
    many = choice.chosen_site(request) is None
    site = next((each.name for each in choice.visible_sites(request) if each.id == row.site_id), "") if many else ""
    return Shown(
        key=str(row.public_id),
        row=row,
        form=form if form is not None and (row.entered is None or form.is_typed) else _fresh(request, row),
        place=" · ".join(each for each in (site, row.unit_name) if each),
        service=str(SERVICE_CAPTIONS[row.service]),
        icon=services.ICONS[row.service],
        tone=services.tone(row.service),
        before=_number(row, row.before),
        entered=_number(row, row.entered),
        usual=_plain_usual(row),
        plain="" if row.before is None else f"{row.number(row.before.raw):f}",
        since="" if row.before is None else row.before.at.isoformat(),
        whole_digits=len(str((row.wrap or 10**12) - 1)) - (row.decimals if row.wrap else 0),
        problem=outcome.problem if outcome else "",
        doubts=outcome.doubts if outcome else (),
        told=outcome.told if outcome else "",
        distance=_distance(found, row),
        photo=found.photos.get(row.point_id),
        is_photo_asked=row.site_id in found.with_photos
        or bool(outcome and not outcome.is_saved and (outcome.doubts or outcome.is_photo_missing)),
        is_photo_needed=bool(outcome and not outcome.is_saved and outcome.is_photo_missing),
        is_repeat=bool(outcome and outcome.is_repeat),
    )


def _distance(found: rounds.Round, row: monitoring_queries.HandRow) -> str:
    """How far from the month's end the reading lies that counts for it; nothing within a day."""
    if row.entered is None:
        return ""
    days = abs(row.entered.at - found.month_end) // timedelta(days=1)
    if not days:
        return ""
    if row.entered.at < found.month_end:
        words = ngettext("%(days)s day before the month's end", "%(days)s days before the month's end", days)
    else:
        words = ngettext("%(days)s day after the month's end", "%(days)s days after the month's end", days)
    return words % {"days": days}


def _plain_usual(row: monitoring_queries.HandRow) -> str:
    """The use of a usual day in the display's unit, to a millionth; for the hint while somebody types."""
    if row.usual_a_day is None:
        return ""
    return f"{Decimal(round(row.usual_a_day * Fraction(10) ** (MILLIONTHS - row.decimals))).scaleb(-MILLIONTHS):f}"


def _number(row: monitoring_queries.HandRow, known: monitoring_queries.Known | None) -> str:
    return "" if known is None else tags.number(row.number(known.raw), row.decimals)
