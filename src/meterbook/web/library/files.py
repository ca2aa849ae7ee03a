"""Meter types as files, and their versions: give one out, take one in, compare, end the offer."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from meterbook.acquisition import catalogue, meter_types, operations, permissions, type_texts
from meterbook.acquisition.library import checks
from meterbook.documents import uploads
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.library import reviewing, words

MOST_BYTES = operations.LONGEST_DOCUMENT


@dataclass(frozen=True)
class FaultRow:
    """One thing that is wrong in a file: the line, the part as its writer names it, and what to do."""

    line: int
    place: str
    what: str
    remedy: str


@require_GET
@access.page(permission=permissions.VIEW_DEVICE, module=Module.METERING, by_site=True)
def export(request: access.Request, model: str) -> HttpResponse:
    """This will give out the document of a type; `version` names an older one of the organization's own."""
    version = request.GET.get("version", "")
    if model not in catalogue.current():
        raise Http404(_("The library has no such meter type."))
    text = catalogue.current().text(model)
    if model in catalogue.current().own and version:
        text = _version(model, version).document
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{model}.yaml"'
    return response


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_TYPE, module=Module.METERING)
def take_in(request: access.Request) -> HttpResponse:
    """This will check a file wholly and show what it would change; every fault is told with its line."""
    if request.method != "POST":
        return render(request, "library/import.html", {})
    file = request.FILES.get("file")
    name = str(file.name) if file is not None and file.name else "meter-type.yaml"
    try:
        content = file.read(MOST_BYTES + 1) if file is not None else b""
        text = uploads.require_text(content, most_bytes=MOST_BYTES)
        document = operations.examine(text, name)
    except (uploads.UploadRefused, operations.TypeRefused) as error:
        return render(request, "library/import.html", {"refusal": str(error), "file": name}, status=422)
    except checks.DocumentInvalid as error:
        faults = [
            FaultRow(each.line, type_texts.place(each), type_texts.what(each), type_texts.remedy(each))
            for each in error.faults
        ]
        return render(request, "library/import.html", {"faults": faults, "file": name}, status=422)
    return reviewing.page(request, text, meter_types.newest_version(document.content["code"]))


@require_GET
@access.page(permission=permissions.VIEW_DEVICE, module=Module.METERING, by_site=True)
def compare(request: access.Request, own_type: str) -> HttpResponse:
    """This will compare `?old=1&new=2` of a type; else its newest version with the one before."""
    versions = _versions(own_type)
    known = {str(each.version): each for each in versions}
    new = known.get(request.GET.get("new", ""), versions[0])
    usual = next((each for each in versions if each.version < new.version), new)
    old = known.get(request.GET.get("old", ""), usual)
    context = {
        "name": new.model.name,
        "code": own_type,
        "versions": versions,
        "old": old,
        "new": new,
        "changes": words.changes(meter_types.parsed(old.document), meter_types.parsed(new.document)),
    }
    return render(request, "library/compare.html", context)


@require_POST
@access.page(permission=permissions.EDIT_TYPE, module=Module.METERING)
def offer(request: access.Request, own_type: str) -> HttpResponse:
    """This will offer an own type for new meters, or no longer."""
    try:
        made = operations.offer_type(
            actor=request.actor, at=request.at, code=own_type, is_offered=request.POST.get("offered") == "yes"
        )
    except (meter_types.TypeNotFound, operations.TypeChanged) as error:
        raise Http404(_("There is no such meter type of yours.")) from error
    if made.is_offered:
        messages.success(request, _("The type is offered for new meters."))
    else:
        messages.success(
            request, _("The type is no longer offered for new meters; those that have it are read as before.")
        )
    return redirect("library_model", request.organization.public_id, own_type)


def _versions(code: str) -> list[meter_types.VersionRow]:
    try:
        return meter_types.list_versions(code)
    except meter_types.TypeNotFound as error:
        raise Http404(_("There is no such meter type of yours.")) from error


def _version(code: str, number: str) -> meter_types.VersionRow:
    found = next((each for each in _versions(code) if str(each.version) == number), None)
    if found is None:
        raise Http404(_("There is no such version of the meter type."))
    return found
