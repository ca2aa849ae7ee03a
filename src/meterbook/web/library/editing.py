"""Make a meter type, or a new version of one: the register map as a table, checked cell by cell."""

from __future__ import annotations

import re

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.acquisition import catalogue, meter_types, operations, permissions
from meterbook.acquisition.library import checks
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.library import rereading, reviewing, sheet, testing

ACT = re.compile(r"(?a:(add|copy|remove|up|down|order)(?::(\d{1,4}))?)")
MOST_BASE = 10**6


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_TYPE, module=Module.METERING)
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a new type: empty, or as the type that `from` names; and check it.

    `order` and `scale` are those in which commissioning found that a meter says what its display shows.
    """
    if request.method == "POST":
        return _posted(request, "")
    source = request.GET.get("from", "")
    if source in catalogue.current():
        content = {**meter_types.content_of(source), "code": _free_code(source)}
        content = rereading.read_otherwise(content, request.GET.get("order", ""), request.GET.get("scale", ""))
    else:
        protocol = checks.MBUS if request.GET.get("protocol") == checks.MBUS else checks.MODBUS
        content = {**sheet.EMPTY[protocol], "service": "ELECTRICITY"}
    shown = sheet.shown(content)
    if not shown.rows:
        shown = sheet.changed(*sheet.raw(shown), "add", 0)
    return _page(request, shown, 0)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_TYPE, module=Module.METERING)
def edit(request: access.Request, own_type: str) -> HttpResponse:
    """This will show the newest version of an own type as a form, and check what becomes of it."""
    own = _find(own_type)
    if request.method == "POST":
        return _posted(request, own_type)
    return _page(request, sheet.shown(meter_types.parsed(own.text)), own.version, own_type)


@require_POST
@access.page(permission=permissions.EDIT_TYPE, module=Module.METERING)
def back(request: access.Request) -> HttpResponse:
    """This will show a document that was looked at as a form again."""
    form = reviewing.ReviewForm(request.POST)
    try:
        text = form.data.get("document", "")
        content = operations.examine(text, "meter-type.yaml").content
    except (checks.DocumentInvalid, operations.TypeRefused):
        messages.error(request, _("The page was incomplete; open the type and change it again."))
        return redirect("library", request.organization.public_id)
    return _page(request, sheet.shown(content), _base(request), _known(content["code"]))


def _posted(request: access.Request, code: str) -> HttpResponse:
    protocol, head, rows = sheet.given(request.POST)
    if code:
        head["code"] = code  # a type keeps it
    wanted = request.POST.get("do", "")
    act = ACT.fullmatch(wanted)
    if act is not None:
        shown = sheet.changed(protocol, head, rows, act[1], int(act[2] or 0))
        focus = len(shown.rows) - 1 if act[1] == "add" else int(act[2] or 0)
        return _page(request, shown, _base(request), code, focus=focus)
    given = sheet.bound(protocol, head, rows)
    text = given.document()
    if text is None:
        return _page(request, given, _base(request), code, status=422)
    if wanted == "check":
        return _page(request, given, _base(request), code, is_checked=True)
    return reviewing.page(request, text, _base(request))


def _page(
    request: access.Request,
    shown: sheet.Sheet,
    base: int,
    code: str = "",
    *,
    focus: int | None = None,
    is_checked: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "sheet": shown,
        "base": base,
        "code": code,
        "focus": focus,
        "is_checked": is_checked,
        "test": testing.TestForm(request, request.POST if request.method == "POST" else None),
    }
    return render(request, "library/edit.html", context, status=status)


def _base(request: access.Request) -> int:
    given = request.POST.get("base", "")
    return min(int(given), MOST_BASE) if given.isascii() and given.isdecimal() and len(given) < 8 else 0


def _find(code: str) -> catalogue.OwnType:
    own = catalogue.current().own.get(code)
    if own is None:
        raise Http404(_("There is no such meter type of yours."))
    return own


def _known(code: str) -> str:
    return code if code in catalogue.current().own else ""


def _free_code(source: str) -> str:
    """A code for the copy of a type that nobody has yet."""
    types = catalogue.current()
    names = (f"{source[:30]}_own{number or ''}" for number in (0, *range(2, 1000)))
    return next(each for each in names if each not in types)
