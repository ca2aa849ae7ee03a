"""The tree editor of a site: add, change, move, archive, restore and delete places, and move meters."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.sites import operations as site_operations
from meterbook.sites import permissions, values
from meterbook.sites import queries as site_queries
from meterbook.web import access, once
from meterbook.web.sites import choice, finding, place_forms, place_tree

ASKED = ("add", "move", "archive", "delete", "point")


@dataclass
class Panel:
    """What stands beside the tree: a place (or none), what is to be done with it, and its form."""

    asked: str = ""
    node: site_queries.NodeDetail | None = None
    form: forms.Form | None = None
    point: metering_queries.HangingPoint | None = None
    points: list[metering_queries.HangingPoint] = field(default_factory=list)


@require_GET
@finding.guard
def editor(request: access.Request, site: uuid.UUID) -> HttpResponse:
    """This will show the tree, with `place` opened and its form for what is asked (`do`)."""
    found = finding.find_site(request, site)
    node = _chosen(request, found)
    asked = request.GET.get("do", "")
    panel = Panel(asked=asked if asked in ASKED else "", node=node)
    nodes = site_queries.list_nodes(site_id=found.id)
    if panel.asked == "point":
        panel.point = _point(request, found, request.GET.get("point", ""))
        panel.form = _point_form(request, found, nodes, panel.point)
    elif panel.asked == "add":
        panel.form = _place_form(None, nodes, node, request.GET.get("kind", ""))
    elif panel.asked == "move" and node is not None:
        panel.form = _move_form(request, found, nodes, node)
    elif node is not None and not panel.asked:
        panel.form = _change_form(None, node)
    return _page(request, found, nodes, panel)


@require_POST
@finding.guard
@once.carried_out_once
def add(request: access.Request, site: uuid.UUID) -> HttpResponse:
    """This will add a place below `place`, or at the top of the site."""
    found = finding.find_site(request, site)
    node, nodes = _chosen(request, found), site_queries.list_nodes(site_id=found.id)
    form = _place_form(request.POST, nodes, node)
    if form.is_valid():
        try:
            made = site_operations.create_node(
                actor=request.actor,
                at=request.at,
                site=found.public_id,
                kind=form.kind_chosen,
                code=form.cleaned_data["code"],
                name=form.cleaned_data["name"],
                parent=node.public_id if node else None,
                facts=form.facts,
            )
        except REFUSALS as error:
            _blame(form, error)
        else:
            messages.success(request, _("“%(name)s” was added.") % {"name": made.name})
            if "again" in request.POST:
                return _to(request, found, place=node.public_id if node else "", do="add")
            return _to(request, found, place=made.public_id)
    return _page(request, found, nodes, Panel("add", node, form))


@require_POST
@finding.guard
def change(request: access.Request, site: uuid.UUID, node: uuid.UUID) -> HttpResponse:
    """This will give a place another name, code, kind and facts."""
    found, detail = _find(request, site, node)
    form = _change_form(request.POST, detail)
    if form.is_valid():
        try:
            site_operations.change_node(
                actor=request.actor,
                at=request.at,
                node=node,
                kind=form.kind_chosen,
                code=form.cleaned_data["code"],
                name=form.cleaned_data["name"],
                facts=form.facts,
            )
        except REFUSALS as error:
            _blame(form, error)
        else:
            messages.success(request, _("“%(name)s” was saved.") % {"name": form.cleaned_data["name"]})
            return _to(request, found, place=node)
    return _page(request, found, site_queries.list_nodes(site_id=found.id), Panel("", detail, form))


@require_POST
@finding.guard
def move(request: access.Request, site: uuid.UUID, node: uuid.UUID) -> HttpResponse:
    """This will put a place, with all in it, into another one from a day on."""
    found, detail = _find(request, site, node)
    nodes = site_queries.list_nodes(site_id=found.id)
    form = place_forms.MoveForm(request.POST, places=place_tree.larger(nodes, detail.kind))
    if form.is_valid():
        try:
            site_operations.move_node(
                actor=request.actor,
                at=request.at,
                node=node,
                parent=form.target,
                moved_at=_begin(form, found.zone),
            )
        except REFUSALS as error:
            _blame(form, error, misplaced="parent")
        else:
            messages.success(request, _("“%(name)s” was moved.") % {"name": detail.name})
            return _to(request, found, place=node)
    return _page(request, found, nodes, Panel("move", detail, form))


@require_POST
@finding.guard
def move_point(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will hang a meter point at another place of its site from a day on."""
    found, point = _point_with_site(request, meter)
    nodes = site_queries.list_nodes(site_id=found.id)
    form = place_forms.MoveForm(request.POST, places=place_tree.larger(nodes, None))
    if form.is_valid():
        try:
            metering_operations.move_point(
                actor=request.actor,
                at=request.at,
                meter_point=meter,
                node=form.target,
                moved_at=_begin(form, found.zone),
            )
        except REFUSALS as error:
            _blame(form, error, misplaced="parent")
        else:
            messages.success(request, _("Meter “%(name)s” was moved.") % {"name": point.name})
            return _to(request, found, place=form.target or "")
    return _page(request, found, nodes, Panel("point", None, form, point))


@require_POST
@finding.guard
def archive(request: access.Request, site: uuid.UUID, node: uuid.UUID) -> HttpResponse:
    """This will archive a place, with all in it, once the person is sure."""
    found, detail = _find(request, site, node)
    if "sure" not in request.POST:
        return _to(request, found, place=node, do="archive")
    count = site_operations.archive_node(actor=request.actor, at=request.at, node=node)
    text = ngettext("“%(name)s” was archived: %(count)s place.", "“%(name)s” was archived: %(count)s places.", count)
    messages.success(request, text % {"name": detail.name, "count": count})
    return _to(request, found, place=detail.parent or "")


@require_POST
@finding.guard
def restore(request: access.Request, site: uuid.UUID, node: uuid.UUID) -> HttpResponse:
    """This will put an archived place back into the tree."""
    found, detail = _find(request, site, node)
    try:
        site_operations.restore_node(actor=request.actor, at=request.at, node=node)
    except site_operations.NodeArchived as error:
        messages.error(request, str(error))
        return _to(request, found)
    messages.success(request, _("“%(name)s” is back in the tree.") % {"name": detail.name})
    return _to(request, found, place=node)


@require_POST
@finding.guard
def delete(request: access.Request, site: uuid.UUID, node: uuid.UUID) -> HttpResponse:
    """This will delete a place on which nothing hangs, once the person is sure."""
    found, detail = _find(request, site, node)
    if "sure" not in request.POST:
        return _to(request, found, place=node, do="delete")
    try:
        site_operations.delete_node(actor=request.actor, at=request.at, node=node)
    except site_operations.NodeInUse as error:
        messages.error(request, str(error))
        return _to(request, found, place=node, do="archive")
    messages.success(request, _("“%(name)s” was deleted.") % {"name": detail.name})
    return _to(request, found, place=detail.parent or "")


REFUSALS = (
    site_operations.NodeCodeTaken,
    site_operations.NodeMisplaced,
    site_operations.NodeArchived,
    site_operations.NodeNotFound,
    site_operations.FactsInvalid,
    site_operations.MoveInFuture,
    site_operations.MovedLater,
)


def _find(
    request: access.Request, site: uuid.UUID, node: uuid.UUID
) -> tuple[site_queries.SiteRow, site_queries.NodeDetail]:
    found = finding.find_site(request, site)
    return found, finding.find_node(found, node)


def _chosen(request: access.Request, site: site_queries.SiteRow) -> site_queries.NodeDetail | None:
    text = request.POST.get("place", "") if request.method == "POST" else request.GET.get("place", "")
    try:
        return finding.find_node(site, uuid.UUID(text)) if text else None
    except ValueError as error:
        raise Http404(_("There is no such place.")) from error


def _point(request: access.Request, site: site_queries.SiteRow, text: str) -> metering_queries.HangingPoint:
    try:
        found, point = _point_with_site(request, uuid.UUID(text))
    except ValueError as error:
        raise Http404(_("There is no such meter.")) from error
    if found.id != site.id:
        raise Http404(_("There is no such meter."))
    return point


def _point_with_site(
    request: access.Request, public_id: uuid.UUID
) -> tuple[site_queries.SiteRow, metering_queries.HangingPoint]:
    point = metering_queries.find_hanging(public_id=public_id)
    editable = choice.visible_sites(request, permissions.EDIT_SITES)
    site = next((each for each in editable if point is not None and each.id == point.site_id), None)
    if point is not None and site is not None and request.access.allows(metering_permissions.VIEW_METER, site.id):
        return site, point
    raise Http404(_("There is no such meter."))


def _place_form(
    data: Any,  # noqa: ANN401 - what a request's POST is
    nodes: list[site_queries.NodeRow],
    parent: site_queries.NodeDetail | None,
    wanted: str = "",
) -> place_forms.PlaceForm:
    kinds = place_tree.smaller(parent.kind if parent else None)
    if not kinds:
        raise Http404(_("A unit holds no other place."))
    row = next((each for each in nodes if parent is not None and each.id == parent.id), None)
    return place_forms.PlaceForm(
        data,
        kinds=kinds,
        declared=site_queries.list_fields(),
        initial=place_forms.initial_below(nodes, row, kinds, wanted),
    )


def _change_form(data: Any, node: site_queries.NodeDetail) -> place_forms.PlaceForm:  # noqa: ANN401
    declared = site_queries.list_fields()
    return place_forms.PlaceForm(
        data, kinds=list(values.NodeKind), declared=declared, initial=place_forms.initial_of(node, declared)
    )


def _move_form(
    request: access.Request,
    site: site_queries.SiteRow,
    nodes: list[site_queries.NodeRow],
    node: site_queries.NodeDetail,
) -> place_forms.MoveForm:
    """Begins with where it was dropped (`to`), if that fits."""
    places = place_tree.larger(nodes, node.kind)
    wanted = request.GET.get("to", "")
    fits = wanted in {place_forms.TOP, *(key for key, _caption in places)}
    here = str(node.parent) if node.parent else place_forms.TOP
    today = civil.local_date(request.at, site.zone)
    return place_forms.MoveForm(places=places, parent=wanted if fits else here, day=today)


def _point_form(
    request: access.Request,
    site: site_queries.SiteRow,
    nodes: list[site_queries.NodeRow],
    point: metering_queries.HangingPoint,
) -> place_forms.MoveForm:
    here = str(point.node) if point.node else place_forms.TOP
    today = civil.local_date(request.at, site.zone)
    return place_forms.MoveForm(places=place_tree.larger(nodes, None), parent=here, day=today)


def _begin(form: place_forms.MoveForm, zone: ZoneInfo) -> datetime:
    return civil.start_of_day(form.cleaned_data["day"], zone)


def _blame(form: forms.Form, error: Exception, *, misplaced: str = "kind") -> None:
    fields: dict[type[Exception], str] = {
        site_operations.NodeCodeTaken: "code",
        site_operations.NodeMisplaced: misplaced,
        site_operations.MoveInFuture: "day",
        site_operations.MovedLater: "day",
    }
    name = error.field if isinstance(error, site_operations.FactsInvalid) else fields.get(type(error))
    form.add_error(name if name in form.fields else None, str(error))


def _page(
    request: access.Request, site: site_queries.SiteRow, nodes: list[site_queries.NodeRow], panel: Panel
) -> HttpResponse:
    node, may_see = panel.node, request.access.allows(metering_permissions.VIEW_METER, site.id)
    if may_see and request.organization.has_module(Module.METERING) and panel.asked in {"", "archive", "delete"}:
        panel.points = metering_queries.list_hanging(site_id=site.id, node_id=node.id if node else None)
    context = {
        "site": site,
        "panel": panel,
        "node": node,
        "form": panel.form,
        "lines": place_tree.lines(nodes, node.public_id if node else None),
        "count": len(nodes),
        "archived": [
            {"public_id": each[0], "kind": values.NODE_KIND_CAPTIONS[each[1]], "code": each[2], "name": each[3]}
            for each in site_queries.list_archived(site_id=site.id)
        ],
        "kind": values.NODE_KIND_CAPTIONS[node.kind] if node else "",
        "has_facts": node is not None and node.facts != values.NO_FACTS,
        "may_add_meter": request.organization.has_module(Module.METERING)
        and request.access.allows(metering_permissions.MANAGE_METER, site.id),
        "may_hold": bool(place_tree.smaller(node.kind if node else None)),
    }
    is_wrong = panel.form is not None and bool(panel.form.errors)
    return render(request, "sites/editor.html", context, status=422 if is_wrong else 200)


def _to(request: access.Request, site: site_queries.SiteRow, **query: object) -> HttpResponseRedirect:
    path = reverse("site_editor", args=[request.organization.public_id, site.public_id])
    given = {key: str(value) for key, value in query.items() if value}
    return HttpResponseRedirect(f"{path}?{urlencode(given)}" if given else path)
