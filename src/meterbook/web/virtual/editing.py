"""Write a formula: a new virtual meter, or other rows from a day on. Buttons beside rows lose nothing typed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web import access, once
from meterbook.web.meters import finding
from meterbook.web.sites import choice
from meterbook.web.virtual import forms, gathering, rows, views
from meterbook.web.virtual.rows import Find, Finders, finder

LISTED = 500  # meters that the field for codes proposes
MOST_SITES = 20  # whose places and tenants are offered at once


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a new virtual meter, and make it."""
    sites = choice.visible_sites(request, permissions.MANAGE_METER)
    if not sites:
        return render(request, "virtual/no_site.html")
    usual = choice.usual_site(request, permissions.MANAGE_METER)
    today = civil.local_date(request.at, (usual or sites[0]).zone)
    initial = {
        "spot": str((usual or sites[0]).public_id),
        "starts_on": today.replace(day=1).isoformat(),
        "role": metering_values.PointRole.OTHER.value,
    }
    is_sent = request.method == "POST"
    form = forms.NewForm(request.POST if is_sent else None, spots=forms.spots(sites), initial=initial)
    spot = form.spot_chosen
    series_code = metering_values.COUNTED_SERIES[form.service_chosen]
    asked = _Asked(request, series_code)
    near = (
        sites if len(sites) <= MOST_SITES else [each for each in sites if spot is not None and each.id == spot.site.id]
    )
    groups = gathering.find(request, near, asked.candidates, request.at)
    written = asked.rows(groups, [])
    if is_sent and not written.act and all([form.is_valid(), written.are_valid]) and spot is not None:
        given = form.cleaned_data
        try:
            made = metering_operations.create_virtual_meter(
                actor=request.actor,
                at=request.at,
                site=spot.site.public_id,
                node=None if spot.node is None else spot.node.public_id,
                code=given["code"],
                name=given["name"],
                service=metering_values.Service(given["service"]),
                purpose=metering_values.VirtualPurpose(given["purpose"]),
                role=metering_values.PointRole(given["role"]),
                starts_on=given["starts_on"],
                rows=written.rows(),
                reason=given["reason"],
            )
        except metering_operations.CodeTaken as error:
            form.add_error("code", str(error))
        except metering_operations.FormulaUnfit as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("“%(name)s” was made; its days are being computed.") % {"name": given["name"]})
            return redirect("virtual_meter", request.organization.public_id, made.series.meter_point.public_id)
    return _show(request, asked, form, written, groups, None)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
@once.carried_out_once
def change(request: access.Request, virtual: uuid.UUID) -> HttpResponse:
    """This will show the formula that counts now, and let another one count from a day on."""
    detail = finding.find_changeable(request, virtual, permissions.MANAGE_METER)
    row, shown = views.find_virtual(detail.public_id)
    is_sent = request.method == "POST"
    form = forms.StartForm(
        request.POST if is_sent else None, initial={"starts_on": _today(request, detail).isoformat()}
    )
    asked = _Asked(request, row.series_code)
    site = next(each for each in choice.all_sites(request) if each.id == row.site_id)
    groups = gathering.find(request, [site], asked.candidates, request.at)
    present = [each for each in shown if each.is_in_force][-1:]
    written = asked.rows(groups, list(present[0].terms) if present else [])
    if is_sent and not written.act and all([form.is_valid(), written.are_valid]):
        try:
            metering_operations.set_formula(
                actor=request.actor,
                at=request.at,
                meter_point=detail.public_id,
                starts_on=form.cleaned_data["starts_on"],
                rows=written.rows(),
                reason=form.cleaned_data["reason"],
            )
        except metering_operations.FormulaUnfit as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The formula was saved; its days are being computed again."))
            return redirect("virtual_meter", request.organization.public_id, detail.public_id)
    return _show(request, asked, form, written, groups, detail)


class _Asked:
    """The rows of a request, and the meters that they may name: those that the reader may see."""

    def __init__(self, request: access.Request, series_code: str) -> None:
        self.request = request
        self.series = metering_values.series_type(series_code)
        self._sites = request.access.sites(permissions.VIEW_METER)
        self.candidates = metering_queries.list_candidates(series_code=series_code, site_ids=self._sites)
        self.is_heat = series_code == metering_values.COUNTED_SERIES[metering_values.Service.COOLING]
        self.carrying = self._listed(metering_values.CARRYING) if self.is_heat else []

    def rows(self, groups: gathering.Groups, present: list[metering_queries.TermRow]) -> rows.Rows:
        """The rows that were sent, else those of the present formula."""
        if self.request.method != "POST":
            return rows.fresh(present, self._finders([]))
        which = self.request.POST.get("fill", "")
        taken = groups.members.get(which, ())
        return rows.read(self.request.POST, self._finders(rows.codes(self.request.POST)), lambda: taken)

    def _finders(self, codes: list[str]) -> Finders:
        def of(*series: str) -> Find:
            return finder(self._listed(series, codes))

        if not self.is_heat:
            return Finders(of(self.series.code))
        temperatures = metering_values.TEMPERATURE_FLOW, metering_values.TEMPERATURE_RETURN
        return Finders(of(self.series.code), of(*metering_values.CARRYING), *map(of, temperatures))

    def _listed(self, series: Sequence[str], codes: list[str] | None = None) -> list[metering_queries.Candidate]:
        """Meter points that have one of the series; none where no code is asked for."""
        if codes == []:
            return []
        listed = (
            metering_queries.list_candidates(series_code=each, site_ids=self._sites, codes=codes) for each in series
        )
        return [each for found in listed for each in found]


def _today(request: access.Request, detail: metering_queries.MeterDetail) -> date:
    return civil.local_date(request.at, detail.zone)


def _show(
    request: access.Request,
    asked: _Asked,
    form: forms.StartForm,
    written: rows.Rows,
    groups: gathering.Groups,
    detail: metering_queries.MeterDetail | None,
) -> HttpResponse:
    is_wrong = bool(form.errors) or any(each.is_bound and each.errors for each in written.forms)
    if written.act:
        # A button beside the rows is no attempt to save: what is still empty is not told as wrong.
        form.errors.clear()
    context: dict[str, Any] = {
        "form": form,
        "rows": written.forms,
        "count": len(written.forms),
        "groups": groups,
        "proposed": _distinct([*asked.candidates, *asked.carrying])[:LISTED],
        "is_heat": asked.is_heat,
        "unit": asked.series.unit.symbol,
        "quantity": asked.series.caption,
        "detail": detail,
    }
    return render(request, "virtual/edit.html", context, status=422 if is_wrong and not written.act else 200)


def _distinct(listed: list[metering_queries.Candidate]) -> list[metering_queries.Candidate]:
    return list({each.id: each for each in listed}.values())
