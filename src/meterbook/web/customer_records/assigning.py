"""Another tariff for many contracts: choose them, see each one's latest bill by both tariffs, then do all at once."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.billing import permissions as billing_permissions
from meterbook.billing.queries.reasons import Reason
from meterbook.customers import permissions, values
from meterbook.customers.assigning import Assigned
from meterbook.documents import uploads
from meterbook.identity.values import Module
from meterbook.journeys import assigning_tariffs, listed_names
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access, once, parameters, tables, typed
from meterbook.web.billing import words as bill_words
from meterbook.web.customer_records import words
from meterbook.web.sites import choice
from meterbook.web.tariffs import whatif_shown

LONGEST = 80_000  # characters of numbers in the field
NAMED = 3  # meters of an account that are named
_BETWEEN = re.compile(r"[\s,;]+")


class AssignForm(typed.Form):
    """Which tariff from when on, and for whom. Empty selects mean all."""

    tariff = forms.ChoiceField(label=gettext_lazy("New tariff"))
    first_day = parameters.DayField(
        label=gettext_lazy("First day"),
        help_text=gettext_lazy("From midnight at each meter."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    site = forms.ChoiceField(label=gettext_lazy("Site"), required=False)
    present = forms.ChoiceField(label=gettext_lazy("Who pays by"), required=False)
    service = forms.ChoiceField(label=gettext_lazy("Service"), required=False)
    names = forms.CharField(
        label=gettext_lazy("Only these accounts or meters"),
        required=False,
        max_length=LONGEST,
        help_text=gettext_lazy("Account numbers or meter codes, with commas, spaces or line ends between."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a list in a file"),
        required=False,
        help_text=gettext_lazy("CSV or XLSX; the first column holds account numbers or meter codes."),
    )

    def __init__(self, request: access.Request, data: object = None, files: object = None) -> None:
        super().__init__(data, files, initial=_initial(request))  # type: ignore[arg-type]  # what a request has
        tariffs = [
            (str(each.public_id), f"{bill_words.said(each.names)} ({each.code})")
            for each in tariff_queries.list_tariffs(on=request.at.date())
        ]
        self.sites = {str(each.public_id): each for each in choice.visible_sites(request, permissions.MANAGE_CUSTOMER)}
        choices: Mapping[str, list[tuple[str, Any]]] = {
            "tariff": [("", _("Choose a tariff")), *tariffs],
            "site": [
                ("", pgettext_lazy("sites", "All")),
                *((key, each.name) for key, each in self.sites.items()),
            ],
            "present": [("", _("Any tariff")), *tariffs],
            "service": [("", _("All that have its unit")), *((each.value, SERVICE_CAPTIONS[each]) for each in Service)],
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The names of the field, or of the file where one was sent."""
        given: dict[str, Any] = super().clean() or {}
        file = given.get("file")
        if file is not None:
            try:
                given["names"] = " ".join(listed_names.read(file.read()))
            except uploads.UploadRefused as error:
                self.add_error("file", str(error))
        elif not (given.get("names") or given.get("site") or given.get("present")):
            self.add_error(None, _("Say for whom: choose a site or a tariff, or write numbers."))
        return given

    def choice(self, allowed: frozenset[int] | None) -> assigning_tariffs.Choice:
        """This will return whom a valid form chooses."""
        given = self.cleaned_data
        return assigning_tariffs.Choice(
            sites=frozenset({self.sites[given["site"]].id}) if given["site"] else allowed,
            present=uuid.UUID(given["present"]) if given["present"] else None,
            names=tuple(dict.fromkeys(filter(None, _BETWEEN.split(given["names"])))),
            service=Service(given["service"]) if given["service"] else None,
        )


@dataclass(frozen=True)
class Line:
    """An account of the preview; `reasons` say why its latest bill cannot be priced so.

    Contracts are gathered: names of meters by what is wrong, and by their present tariff with whether it stays.
    """

    row: assigning_tariffs.AccountPreview
    bar: whatif_shown.Bar
    reasons: tuple[Reason, ...]
    faults: tuple[tuple[str, str], ...]
    present: tuple[tuple[str, bool, str], ...]


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
@once.carried_out_once
def assign(request: access.Request) -> HttpResponse:
    """This will ask for whom and from when on, show what it means (`do=look`), and do it (`do=assign`)."""
    if request.method != "POST":
        return _page(request, AssignForm(request))
    form = AssignForm(request, request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form)
    chosen, given = form.choice(request.access.sites(permissions.MANAGE_CUSTOMER)), form.cleaned_data
    asked: dict[str, Any] = {
        "choice": chosen,
        "tariff": uuid.UUID(given["tariff"]),
        "first_day": given["first_day"],
    }
    try:
        if request.POST.get("do") == "assign":
            digest = request.POST.get("digest", "")
            reason = request.POST.get("reason", "")[: values.REASON_LENGTH]
            made = assigning_tariffs.assign(actor=request.actor, at=request.at, digest=digest, reason=reason, **asked)
            return _done(request, made)
        preview = assigning_tariffs.preview(now=request.at, **asked)
    except assigning_tariffs.AssignmentInvalid as error:
        is_unreasoned = error.field == "reason"
        form.add_error(None if is_unreasoned else error.field, str(error))
        if not is_unreasoned:
            return _page(request, form)
        preview = assigning_tariffs.preview(now=request.at, **asked)
    except assigning_tariffs.AssignmentChanged as error:
        messages.warning(request, str(error))
        preview = assigning_tariffs.preview(now=request.at, **asked)
    return _page(request, form, **_shown(request, form, preview))


def _done(request: access.Request, made: Assigned) -> HttpResponse:
    if made.changed:
        words = ngettext(
            "The tariff holds for %(count)s contract from that day on.",
            "The tariff holds for %(count)s contracts from that day on.",
            made.changed,
        )
        messages.success(request, words % {"count": made.changed})
    if not made.waiting:
        return redirect("contracts", request.organization.public_id)
    words = ngettext(
        "For %(count)s contract it waits for a second person: it is not the default there.",
        "For %(count)s contracts it waits for a second person: it is not the default there.",
        made.waiting,
    )
    messages.info(request, words % {"count": made.waiting})
    return redirect("tariff_overrides", request.organization.public_id)


def _shown(request: access.Request, form: AssignForm, preview: assigning_tariffs.Preview) -> dict[str, object]:
    data = request.POST.copy()
    data["names"] = form.cleaned_data["names"]  # a file's names stand in the field from now on
    form.data = data
    trouble_first = sorted(preview.accounts, key=lambda each: not each.faults)
    number = min(_page_number(request), max(1, -(-len(trouble_first) // tables.PAGE)))
    rows = trouble_first[(number - 1) * tables.PAGE : number * tables.PAGE]
    changes = [each.change.amount for each in preview.compared if each.change is not None]
    most = max(map(abs, changes), default=0)
    waits = _(
        "What accounts keep of energy fed in by %(tariff)s (“%(bank)s”) stays there: this tariff pays nothing from it."
    )
    language = (translation.get_language() or "en")[:2]
    return {
        "preview": preview,
        "lines": [_line(each, most) for each in rows],
        "changing": len(preview.starts),
        "overriding": len(preview.overriding),
        "reason": request.POST.get("reason", "")[: values.REASON_LENGTH],
        "has_it": sum(line.has_it for each in preview.accounts for line in each.contracts),
        "without_bill": sum(each.changes and each.bill is None for each in preview.accounts),
        "change": preview.after - preview.before,
        "banks": [
            waits % {"tariff": each.tariff_code, "bank": each.name.get(language, each.name["en"])}
            for each in preview.banks
        ],
        "may_see_bills": request.access.allows_somewhere(billing_permissions.VIEW_BILL),
        "tariff_names": words.tariff_names(
            {line.tariff_code for each in rows for line in each.contracts} | {preview.tariff.code}
        ),
        "pages": tables.pages({}, number, len(trouble_first)),
        "sent": [
            ("tariff", form.cleaned_data["tariff"]),
            ("first_day", form.cleaned_data["first_day"].isoformat()),
            ("site", form.cleaned_data["site"]),
            ("present", form.cleaned_data["present"]),
            ("service", form.cleaned_data["service"]),
            ("names", form.cleaned_data["names"]),
        ],
    }


def _line(row: assigning_tariffs.AccountPreview, most: Any) -> Line:  # noqa: ANN401 - a Decimal, or 0
    change = None if row.bill is None else row.bill.change
    bar = whatif_shown.bar(change.amount, most) if change is not None else whatif_shown.Bar(whatif_shown.HALF, 0, "")
    reasons = Reason.read(list(row.bill.reasons)) if row.bill is not None else ()
    faults: dict[str, list[str]] = defaultdict(list)
    present: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for each in row.contracts:
        present[each.tariff_code, each.has_it].append(each.point_name)
        if each.fault:
            faults[each.fault].append(each.point_name)
    return Line(
        row,
        bar,
        reasons,
        tuple((words_of, _named(names)) for words_of, names in faults.items()),
        tuple((code, has_it, _named(names)) for (code, has_it), names in present.items()),
    )


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")


def _page_number(request: access.Request) -> int:
    text = request.POST.get("page", "").strip()
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= parameters.MOST_DIGITS else 1


def _initial(request: access.Request) -> dict[str, str]:
    """What a link to this page proposes: `?tariff=`, `?present=`, and the chosen site."""
    site = choice.chosen_site(request)
    found = {"site": "" if site is None else str(site.public_id)}
    return found | {name: request.GET[name] for name in ("tariff", "present") if name in request.GET}


def _page(request: access.Request, form: AssignForm, **more: object) -> HttpResponse:
    context = {"form": form, "has_tariffs": len(form.fields["tariff"].choices) > 1, **more}  # type: ignore[attr-defined]
    return render(request, "customer_records/assign.html", context, status=422 if form.errors else 200)
