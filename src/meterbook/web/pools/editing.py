"""Write a shared cost: a new one, or another definition that counts from the next sheet on."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.billing import permissions
from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.pools.definition import Source
from meterbook.billing.queries import pools as pool_queries
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering.values import PointRole
from meterbook.sites import queries as site_queries
from meterbook.sites.values import NodeKind
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access, amounts, once, parameters, typed
from meterbook.web.billing import words as bill_words
from meterbook.web.pools import finding, forms, rows
from meterbook.web.sites import choice
from meterbook.web.tariffs import proposed_tax


class NewForm(typed.Form):
    """Where a shared cost is, its code, and since when."""

    code = typed.CodeField(label=gettext_lazy("Code"), max_length=40, help_text=gettext_lazy("Short and unique."))
    starts_day = parameters.DayField(
        label=gettext_lazy("Shared from"),
        widget=django_forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Runs divide it for their days from this one on."),
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_POOL, module=Module.BILLING, by_site=True)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a new shared cost at a site, and make it."""
    sites = choice.visible_sites(request, permissions.MANAGE_POOL)
    if not sites:
        return render(request, "pools/no_site.html")
    asked = request.POST.get("site") or request.GET.get("site", "")
    usual = choice.usual_site(request, permissions.MANAGE_POOL)
    site = next((each for each in sites if str(each.public_id) == asked), usual or sites[0])
    first = civil.local_date(request.at, site.zone).replace(day=1)
    is_sent = request.method == "POST"
    head = NewForm(request.POST if is_sent else None, initial={"starts_day": first.isoformat()})
    choices, known = offered(request, site, None)
    tax, origin = _usual_tax(request, site)
    form = forms.PoolForm(request.POST if is_sent else None, choices=choices, initial={"percent": "100", **tax})
    form.fields["tax_code"].help_text = " ".join(filter(None, [origin, str(form.fields["tax_code"].help_text)]))
    written = rows.read(request.POST, known) if is_sent else rows.fresh([], known)
    if is_sent and not written.act and all([head.is_valid(), form.is_valid(), written.are_valid]):
        try:
            made = pool_operations.create_pool(
                actor=request.actor,
                at=request.at,
                site=site.public_id,
                code=head.cleaned_data["code"],
                starts_day=head.cleaned_data["starts_day"],
                document=form.document(written.members()),
            )
        except pool_operations.PoolImpossible as error:
            _say(form, written, error)
        except pool_operations.PoolCodeTaken as error:
            head.add_error("code", str(error))
        except pool_operations.LandlordMissing as error:
            form.add_error(None, str(error))
        else:
            choice.note_used(request, site.public_id)
            messages.success(request, _("“%(name)s” was made; the next run divides it.") % {"name": made.name})
            return redirect("pool", request.organization.public_id, made.public_id)
    return _show(request, form, written, {"site": site, "sites": sites, "head": head})


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_POOL, module=Module.BILLING, by_site=True)
@once.carried_out_once
def change(request: access.Request, pool: uuid.UUID) -> HttpResponse:
    """This will show the definition of a shared cost, and save another one."""
    found = finding.find_pool(request, pool, permissions.MANAGE_POOL)
    site = next(each for each in choice.all_sites(request) if each.id == found.site_id)
    is_sent = request.method == "POST"
    choices, known = offered(request, site, found)
    initial = initial_of(found.definition, choices)
    form = forms.PoolForm(request.POST if is_sent else None, choices=choices, initial=initial)
    written = rows.read(request.POST, known) if is_sent else rows.fresh(found.definition.get("members", []), known)
    if is_sent and not written.act and all([form.is_valid(), written.are_valid]):
        try:
            pool_operations.change_pool(
                actor=request.actor,
                at=request.at,
                pool=found.public_id,
                document=form.document(written.members()),
            )
        except pool_operations.PoolImpossible as error:
            _say(form, written, error)
        else:
            messages.success(request, _("It was saved. Sheets that are approved stay as they are."))
            return redirect("pool", request.organization.public_id, found.public_id)
    return _show(request, form, written, {"pool": found, "site": site})


def _usual_tax(request: access.Request, site: site_queries.SiteRow) -> tuple[dict[str, str], str]:
    """The tax that a new tariff would begin with, as the form shows it, and where it comes from in words."""
    known = tariff_queries.list_tariffs(on=civil.local_date(request.at, site.zone))
    taxes, origin = proposed_tax.propose(unit=Unit.KWH.value, zones={str(site.zone)}, known=known)
    added = [each for each in taxes if each.get("rate") and not each.get("inclusive")]
    if len(added) != 1:  # none, or several on top of each other: a person decides
        return {}, ""
    (tax,) = added
    name = tax["name"] if isinstance(tax["name"], str) else bill_words.said(tax["name"])
    return {"tax_code": tax["code"], "tax_name": name, "tax_rate": _percent(tax["rate"])}, origin


def offered(
    request: access.Request, site: site_queries.SiteRow, pool: pool_queries.PoolRow | None
) -> tuple[forms.Choices, rows.Known]:
    """This will return what can be chosen at a site."""
    nodes = site_queries.list_nodes(site_id=site.id)
    meters: dict[str, uuid.UUID] = {}
    counted: dict[str, list[str]] = {}
    for each in pool_queries.meters_of_site(site_id=site.id):
        meters[each.code] = each.public_id
        if each.role in (PointRole.TENANT.value, PointRole.COMMON.value):
            counted.setdefault(each.service, []).append(each.code)
    later = [
        (row.code, row.name)
        for row in pool_queries.list_pools(site_ids=[site.id])
        if pool is None or row.public_id != pool.public_id
    ]
    units = {node.code: node.public_id for node in nodes if node.kind is NodeKind.UNIT}
    places = [(str(node.public_id), node.name or node.code) for node in nodes if node.kind is not NodeKind.UNIT]
    today = civil.local_date(request.at, site.zone)
    tariffs = [
        (str(tariff.public_id), bill_words.said(tariff.names))
        for tariff in tariff_queries.list_tariffs(on=today)
        if tariff.current is not None and tariff.currency == site.currency
    ]
    return forms.Choices(meters, counted, places, tariffs), rows.Known(units, meters, tuple(later))


def initial_of(document: dict[str, Any], choices: forms.Choices) -> dict[str, Any]:
    """This will return a document as the form shows it."""
    codes = {str(public_id): code for code, public_id in choices.meters.items()}
    source, tax = document.get("source", {}), document.get("tax") or {}
    parts = document.get("parts", [{}])
    second = parts[1] if len(parts) > 1 else {}
    behind = [codes[each] for each in source.get("meters", []) if each in codes]
    return {
        **{name: document.get(name) for name in ("name", "kind", "stage", "service", "vacancy", "rounding", "place")},
        **{name: document.get(name) for name in ("division", "rule", "leaving")},
        "never_above": source.get("never_above", False),
        **{f"of_{each.lower()}": True for each in second.get("of", [])},
        "source": source.get("kind", Source.AMOUNT.value),
        "main": codes.get(source.get("meter_point", ""), ""),
        "behind": ", ".join(behind),
        "price": _number(source.get("price")),
        "tariff": source.get("tariff", ""),
        "policy": source.get("policy", ""),
        "loss_cap": _number(source.get("cap")),
        "key": parts[0].get("key", ""),
        "secondary": parts[0].get("secondary", ""),
        "percent": _number(parts[0].get("percent", "100")),
        "key2": second.get("key", ""),
        "secondary2": second.get("secondary", ""),
        "cap": _number(document.get("cap")),
        "tax_code": tax.get("code", ""),
        "tax_name": tax.get("name", ""),
        "tax_rate": _percent(tax["rate"]) if tax.get("rate") else "",
        **{f"name_{language}": text for language, text in document.get("names", {}).items()},
        **{f"tax_name_{language}": text for language, text in tax.get("names", {}).items()},
    }


def _percent(rate: str) -> str:
    return _number(f"{(Decimal(rate) * 100).normalize():f}")


def _number(text: str | None) -> str:
    return amounts.written(Decimal(text)) if text else ""


def _say(form: forms.PoolForm, written: rows.Rows, error: pool_operations.PoolImpossible) -> None:
    rest = written.say(error.problems)
    if error.problems:
        form.say(rest)
    else:
        form.add_error(None, str(error))


def _show(request: access.Request, form: forms.PoolForm, written: rows.Rows, more: dict[str, Any]) -> HttpResponse:
    is_wrong = bool(form.errors) or any(each.is_bound and each.errors for each in written.forms)
    is_wrong = is_wrong or bool(more.get("head") and more["head"].errors)
    if written.act:
        # A button beside the rows is no attempt to save: what is still empty is not told as wrong.
        form.errors.clear()
        if more.get("head"):
            more["head"].errors.clear()
    context = {
        "form": form,
        "what": form.part(*form.what),
        "cost": form.part(*form.cost),
        "keys": form.part(*form.keys),
        "rows": written.forms,
        "count": len(written.forms),
        "meters": sorted(form.choices.meters),
        "units": list(written.forms[0].known.units) if written.forms else [],
        **more,
    }
    return render(request, "pools/edit.html", context, status=422 if is_wrong and not written.act else 200)
