"""Make and change supply areas of gas, and enter their values, one or a file of them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.billing.gas_values import GasOrigin
from meterbook.billing.operations import gas as gas_operations
from meterbook.identity.values import Module
from meterbook.tariffs import permissions
from meterbook.web import access, once
from meterbook.web.gas import forms, views


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will ask for a supply area, and make it."""
    form = forms.NewAreaForm(request.POST if request.method == "POST" else None, sites=views.site_choices())
    if form.is_bound and form.is_valid():
        try:
            made = gas_operations.create_area(
                actor=request.actor, at=request.at, code=form.cleaned_data["code"], terms=form.terms()
            )
        except gas_operations.GasAreaImpossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The supply area is there. Enter its calorific values now."))
            return redirect("gas_area", request.organization.public_id, made.public_id)
    return render(request, "gas/new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
def change(request: access.Request, gas_area: uuid.UUID) -> HttpResponse:
    """This will change what a supply area says."""
    row = views.find(gas_area)
    form = forms.AreaForm(request.POST, sites=views.site_choices())
    if form.is_valid():
        try:
            gas_operations.change_area(actor=request.actor, at=request.at, area=gas_area, terms=form.terms())
        except gas_operations.GasAreaImpossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("It was saved."))
            return redirect("gas_area", request.organization.public_id, gas_area)
    return views.show(request, row, area_form=form)


@require_POST
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
@once.carried_out_once
def enter(request: access.Request, gas_area: uuid.UUID) -> HttpResponse:
    """This will keep a value for days."""
    row = views.find(gas_area)
    form = forms.ValueForm(request.POST)
    if form.is_valid():
        try:
            gas_operations.enter_values(
                actor=request.actor,
                at=request.at,
                area=gas_area,
                values=[form.value_given()],
                origin=GasOrigin.PAGE,
            )
        except gas_operations.GasValueImpossible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The value was entered. Check runs again that wait for it."))
            return redirect("gas_area", request.organization.public_id, gas_area)
    return views.show(request, row, value_form=form)


@require_POST
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
@once.carried_out_once
def take(request: access.Request) -> HttpResponse:
    """This will keep the values of a file, all of them or none."""
    form = forms.FileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            count = gas_operations.import_values(actor=request.actor, at=request.at, text=form.text)
        except gas_operations.GasValueImpossible as error:
            form.add_error("file", str(error))
        else:
            words = ngettext("%(count)d new value was kept.", "%(count)d new values were kept.", count)
            messages.success(request, words % {"count": count})
            return redirect("gas_areas", request.organization.public_id)
    return views.listed(request, form)
