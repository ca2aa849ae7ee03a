"""Ask for bills to be calculated again, look at what came out, and the list of all that was decided."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms as django_forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from meterbook.billing import correction_values as values
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.correcting import limits
from meterbook.billing.correction_values import MODE_CAPTIONS, OUTCOME_CAPTIONS, Mode, Outcome
from meterbook.billing.operations import recalculating
from meterbook.billing.queries import corrections as correction_queries
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access, once, parameters, tables, typed
from meterbook.web.billing import differences as differing
from meterbook.web.billing import words as bill_words
from meterbook.web.sites import choice

see = access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
act = access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)


class AskForm(typed.Form):
    """Of which site where there is a choice, from what, of which months, and by which tariff."""

    site = django_forms.ChoiceField(label=gettext_lazy("Site"))
    mode = django_forms.ChoiceField(label=gettext_lazy("From what"), choices=list(MODE_CAPTIONS.items()))
    first_day = django_forms.DateField(
        label=gettext_lazy("Days of the bills from"),
        widget=django_forms.DateInput(attrs={"type": "date"}),
    )
    final_day = django_forms.DateField(
        label=gettext_lazy("Last day"), widget=django_forms.DateInput(attrs={"type": "date"})
    )
    version = django_forms.ChoiceField(
        label=gettext_lazy("Tariff version"),
        required=False,
        help_text=gettext_lazy("Only for “what if”: everything that it has the unit for is priced by it."),
    )

    def __init__(
        self,
        data: object = None,
        *,
        versions: list[tuple[str, str]],
        sites: list[tuple[str, str]] | None,
        initial: object = None,
    ) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        if sites is None:
            del self.fields["site"]
        else:
            self.fields["site"].choices = [("", _("Choose a site")), *sites]  # type: ignore[attr-defined]
        self.fields["version"].choices = [("", "–"), *versions]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Days in their order, and a version where one is needed."""
        given: dict[str, Any] = super().clean() or {}
        first, final = given.get("first_day"), given.get("final_day")
        if first and final and final < first:
            self.add_error("final_day", _("The end must not lie before the beginning."))
        if given.get("mode") == Mode.WHAT_IF and not given.get("version"):
            self.add_error("version", _("Choose the tariff version by which everything is priced."))
        return given


@require_safe
@see
def corrections(request: access.Request) -> HttpResponse:
    """This will list what was decided about bills, what waits, and what was calculated again."""
    sites = choice.site_ids(request, permissions.VIEW_BILL)
    recalculations = correction_queries.list_recalculations(site_ids=sites, limit=20)
    context = {
        "corrections": correction_queries.list_corrections(site_ids=sites),
        "recalculations": recalculations,
        "versions": _priced_by(recalculations),
        "rules": correction_queries.correction_rules(),
        "may_act": permissions.MANAGE_RUN in request.permissions,
        "now": request.at,
    }
    return render(request, "corrections/list.html", context)


@require_http_methods(["GET", "POST"])
@act
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will calculate bills again: of `?account=`, of `?run=`, or of the site that is chosen in the form."""
    scope, title = _scope(request)
    data = request.POST if request.method == "POST" else None
    sites = None if scope is not None else _sites(request)
    form = AskForm(data, versions=_versions(request), sites=sites, initial=_initial(request))
    if data is not None and form.is_valid():
        given = form.cleaned_data
        scope = scope or recalculating.Scope(site=uuid.UUID(given["site"]))
        try:
            made = recalculating.ask_recalculation(
                actor=request.actor,
                at=request.at,
                mode=Mode(given["mode"]),
                scope=recalculating.Scope(
                    account=scope.account,
                    run=scope.run,
                    site=scope.site,
                    first_day=given["first_day"],
                    until_day=date.fromordinal(given["final_day"].toordinal() + 1),
                ),
                version=uuid.UUID(given["version"]) if given["version"] else None,
            )
        except (recalculating.NothingToRecalculate, recalculating.VersionNeeded) as error:
            form.add_error(None, str(error))
        else:
            if scope.site is not None:
                choice.note_used(request, scope.site)
            return redirect("recalculation", request.organization.public_id, made.public_id)
    context = {
        "form": form,
        "title": title,
        "is_possible": sites is None or bool(sites),
        "here": request.get_full_path(),
    }
    return render(request, "corrections/new.html", context, status=200 if data is None else 422)


@require_safe
@see
def recalculation(request: access.Request, recalculation: uuid.UUID) -> HttpResponse:
    """This will show what came out, bill by bill: `?page=2`."""
    try:
        found = correction_queries.get_recalculation(public_id=recalculation)
    except correction_queries.RecalculationNotFound as error:
        raise Http404(str(error)) from error
    page = parameters.page_number(request)
    rows = correction_queries.results_of(recalculation_id=found.id, offset=(page - 1) * tables.PAGE, limit=tables.PAGE)
    context = {
        "found": found,
        "version": _priced_by([found]).get(found.id, ""),
        "mode": MODE_CAPTIONS[found.mode],
        "change": found.change,
        "rows": [
            (each, OUTCOME_CAPTIONS[each.outcome], differing.lines(each.differences), _causes(each)) for each in rows
        ],
        "counts": [(OUTCOME_CAPTIONS[each], found.outcomes[each]) for each in Outcome if each in found.outcomes],
        "is_proof": found.mode is Mode.REPRODUCE,
        "may_act": permissions.MANAGE_RUN in request.permissions and found.mode is Mode.CORRECT,
        "pages": tables.pages({}, page, found.bills),
    }
    return render(request, "corrections/recalculation.html", context)


def _causes(row: correction_queries.ResultRow) -> str:
    return differing.causes(row.differences.causes) if row.differences else ""


def _scope(request: access.Request) -> tuple[recalculating.Scope | None, str]:
    """Whose bills, and in words: what the address names, else the only site; None where the user must choose one."""
    account, run = _id(request, "account"), _id(request, "run")
    if account is not None:
        try:
            row = customer_queries.get_account(public_id=account)
        except customer_queries.AccountNotFound as error:
            raise Http404(str(error)) from error
        return recalculating.Scope(account=account), f"{row.customer_name}, {row.number}"
    if run is not None:
        try:
            found = billing_queries.find_run_row(public_id=run)
        except billing_queries.RunNotFound as error:
            raise Http404(str(error)) from error
        month = formats.date_format(found.first_day, "YEAR_MONTH_FORMAT")
        return recalculating.Scope(run=run), f"{found.site_name}, {month}"
    sites = choice.visible_sites(request, permissions.MANAGE_RUN)
    return (recalculating.Scope(site=sites[0].public_id), sites[0].name) if len(sites) == 1 else (None, "")


def _sites(request: access.Request) -> list[tuple[str, str]]:
    """Sites whose bills the user may calculate."""
    return [(str(each.public_id), each.name) for each in choice.visible_sites(request, permissions.MANAGE_RUN)]


def _id(request: access.Request, name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def _initial(request: access.Request) -> dict[str, object]:
    """The twelve months before this one; of a run, its own days."""
    today = civil.local_date(request.at, choice.clock_zone(request)).replace(day=1)
    first, until = limits.months_before(today, values.MONTHS), today
    run = _id(request, "run")
    if run is not None:
        row = billing_queries.find_run_row(public_id=run)
        first, until = row.first_day, row.until_day
    final = date.fromordinal(until.toordinal() - 1)
    usual = choice.usual_site(request, permissions.MANAGE_RUN)
    site = "" if usual is None else str(usual.public_id)
    return {"site": site, "mode": Mode.CORRECT.value, "first_day": first.isoformat(), "final_day": final.isoformat()}


def _versions(request: access.Request) -> list[tuple[str, str]]:
    """All of all tariffs, drafts too, for those who may look at tariffs."""
    if not request.access.allows_somewhere(tariff_permissions.VIEW_TARIFF):
        return []
    found = []
    for tariff in tariff_queries.list_tariffs(on=civil.local_date(request.at, choice.clock_zone(request))):
        found += [
            (str(each.public_id), _version(tariff.names, each.number, each.first_day))
            for each in tariff_queries.list_versions(tariff_id=tariff.id)
        ]
    return found


def _version(names: Mapping[str, str], number: int, first_day: date | None) -> str:
    words_of = _("%(tariff)s, version %(number)s") if first_day else _("%(tariff)s, draft %(number)s")
    return words_of % {"tariff": bill_words.said(names), "number": number}


def _priced_by(listed: Sequence[correction_queries.RecalculationRow]) -> dict[int, str]:
    """By which version of a tariff each was priced, in words; by its code where it is gone."""
    known = tariff_queries.version_names(ids={each.version_id for each in listed if each.version_id is not None})
    found = {}
    for each in listed:
        version = None if each.version_id is None else known.get(each.version_id)
        if version is not None:
            found[each.id] = _version(version.tariff_names, version.number, version.first_day)
        elif each.version_text:
            found[each.id] = each.version_text
    return found
