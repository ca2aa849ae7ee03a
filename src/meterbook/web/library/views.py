"""The library of meter types: which there are, what each offers at which address, and what surprises people with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.acquisition import catalogue, meter_types, permissions, topology
from meterbook.acquisition.contract.frames import Kind
from meterbook.acquisition.library import documents, orders
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import values as metering_values
from meterbook.web import access, parameters
from meterbook.web.library import places
from meterbook.web.templatetags import meterbook as tags

NOBODY = topology.ModelUse(0, 0)
MOST_LISTED = 200  # of the meters of a type; more are counted


@dataclass(frozen=True)
class ModelRow:
    """A meter type in the list. `is_tested`: meters of it answer in this organization."""

    code: str
    name: str
    maker: str
    service: str
    protocol: str
    href: str
    add_href: str
    registers: int
    devices: int
    answering: int
    version: int
    is_offered: bool

    @property
    def is_own(self) -> bool:
        """Whether the organization made it."""
        return self.version > 0

    @property
    def is_tested(self) -> bool:
        """Whether meters of it answer here."""
        return self.answering > 0


@dataclass(frozen=True)
class RegisterRow:
    """A register of a type, as manuals write it."""

    caption: str
    function: str
    address: str
    type: str
    order: str
    unit: str
    scale: str
    is_counter: bool
    manual: str
    more: str


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; codes that are none narrow nothing."""

    search: str
    maker: str
    service: str
    is_own: bool


@require_GET
@access.page(permission=permissions.VIEW_DEVICE, module=Module.METERING, by_site=True)
def library(request: access.Request) -> HttpResponse:
    """This will list the meter types by maker and name."""
    offered = _offered()
    filters = Filters(
        search=parameters.search(request),
        maker=request.GET.get("maker", ""),
        service=request.GET.get("service", ""),
        is_own=request.GET.get("own") == "yes",
    )
    use = topology.use_of_models()
    rows = [_row(request, each, use.get(each.code, NOBODY)) for each in _matching(offered, filters)]
    context = {
        "rows": sorted(rows, key=lambda each: (each.maker.lower(), each.name.lower())),
        "count": len(offered),
        "filters": filters,
        "makers": sorted({each.manufacturer for each in offered}, key=str.lower),
        "services": [(code, _service(code)) for code in dict.fromkeys(each.service for each in offered)],
        "may_add": request.access.allows_somewhere(metering_permissions.MANAGE_METER),
        "may_edit": request.access.allows(permissions.EDIT_TYPE),
        "has_own": bool(catalogue.current().own),
    }
    return render(request, "library/list.html", context)


@require_GET
@access.page(permission=permissions.VIEW_DEVICE, module=Module.METERING, by_site=True)
def model(request: access.Request, model: str) -> HttpResponse:
    """This will show one meter type with its registers."""
    found = next((each for each in _offered() if each.code == model), None)
    if found is None:
        raise Http404(_("The library has no such meter type."))
    language, own = _language(), catalogue.current().own.get(found.code)
    sites = request.access.sites(metering_permissions.VIEW_METER)
    affected = meter_types.list_affected(found.code, sites=sites) if own is not None else []
    context = {
        "own": own,
        "versions": meter_types.list_versions(found.code) if own is not None else [],
        "affected": affected[:MOST_LISTED],
        "unlisted": max(0, len(affected) - MOST_LISTED),
        "may_edit": request.access.allows(permissions.EDIT_TYPE),
        "firmware": found.firmware,
        "accuracy": found.accuracy,
        "row": _row(request, found, topology.use_of_models().get(found.code, NOBODY)),
        "source": found.source,
        "max_words": found.max_words,
        "is_named": found.is_named,
        "memory": found.memory,
        "traps": [each.get(language, each["en"]) for each in found.traps],
        "registers": [_register(each, language, found.notation) for each in found.registers],
        "may_add": request.access.allows_somewhere(metering_permissions.MANAGE_METER),
    }
    return render(request, "library/model.html", context)


def _offered() -> list[documents.MeterModel]:
    """All that may be chosen, and what the organization made but no longer offers."""
    types = catalogue.current()
    codes = {each.code for each in types.offered(is_demo=settings.IS_DEMO)} | set(types.own)
    return [types.load(code) for code in sorted(codes)]


def _matching(models: Iterable[documents.MeterModel], filters: Filters) -> Iterable[documents.MeterModel]:
    wanted = filters.search.lower().split()
    for each in models:
        if filters.is_own and each.code not in catalogue.current().own:
            continue
        words = f"{each.manufacturer} {each.name} {each.code}".lower()
        if all(word in words for word in wanted) and all(
            not asked or asked == has
            for asked, has in ((filters.maker, each.manufacturer), (filters.service, each.service))
        ):
            yield each


def _row(request: access.Request, model: documents.MeterModel, use: topology.ModelUse) -> ModelRow:
    organization, own = request.organization.public_id, catalogue.current().own.get(model.code)
    return ModelRow(
        code=model.code,
        name=model.name,
        maker=model.manufacturer,
        service=_service(model.service),
        protocol=places.PROTOCOLS.get(model.protocol, model.protocol),
        href=reverse("library_model", args=[organization, model.code]),
        add_href=f"{reverse('meter_new', args=[organization])}?model={model.code}",
        registers=len(model.registers),
        devices=use.devices,
        answering=use.answering,
        version=own.version if own is not None else 0,
        is_offered=own is None or own.is_offered,
    )


def _register(register: documents.Register, language: str, notation: str) -> RegisterRow:
    return RegisterRow(
        caption=register.caption.get(language, register.caption["en"]),
        function="" if register.record else str(register.function),
        address=register.record or f"{register.address} (0x{register.address:04X})",
        type="" if register.record else register.type,
        order="-".join(orders.order_of(register).value) if register.words > 1 else "",
        unit=register.unit.symbol,
        scale="" if register.scale == 1 else f"× {register.scale}",
        is_counter=register.kind is Kind.CUMULATIVE,
        manual=_manual(register, notation),
        more=_more(register),
    )


def _manual(register: documents.Register, notation: str) -> str:
    """The address as the maker's manual writes it, where that is another."""
    if register.record or not notation:
        return ""
    return places.write_address(register.address, function=register.function, notation=notation)


def _more(register: documents.Register) -> str:
    """Where a counter starts again, and with which numbers it has no value."""
    told = []
    if register.wrap is not None:
        shown = f"{tags.number(Decimal(register.wrap).scaleb(-register.decimals), 0)} {register.unit.symbol}"
        told.append(_("starts again at %(number)s") % {"number": shown})
    if register.sentinels:
        told.append(_("no value: %(numbers)s") % {"numbers": ", ".join(str(each) for each in register.sentinels)})
    return " · ".join(told)


def _service(code: str) -> str:
    return str(metering_values.SERVICE_CAPTIONS[metering_values.Service(code)])


def _language() -> str:
    return (translation.get_language() or "en")[:2]
