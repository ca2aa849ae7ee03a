"""Take a tariff from a file, of ours or of the Utility Rate Database, into the form; give a version out as a file."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.identity.values import Module
from meterbook.tariffs import permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs.rating import plain_text
from meterbook.tariffs.rating.document import FORMAT
from meterbook.tariffs.urdb import converting, record
from meterbook.web import access, once, typed
from meterbook.web.tariffs import editing, views
from meterbook.web.tariffs.editor import loose

MOST_BYTES = record.LARGEST_TEXT


class FileForm(typed.Form):
    """The file to take."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("A tariff that Meterbook gave out, or a rate of OpenEI's Utility Rate Database (JSON)."),
        error_messages={"required": gettext_lazy("Choose a file first.")},
    )

    text = ""
    remarks: tuple[str, ...] = ()

    def clean_file(self) -> object:
        """This will read the file: afterwards `text` is a tariff document, `remarks` what it leaves out."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 4 MB; a tariff is much smaller."))
        try:
            text = file.read().decode("utf-8-sig")
            raw = json.loads(text)
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise forms.ValidationError(_("This is no JSON file: %(error)s") % {"error": error}) from error
        except RecursionError as error:
            raise forms.ValidationError(_("Brackets are nested too deeply.")) from error
        if isinstance(raw, dict) and raw.get("format") == FORMAT:
            if len(text) > plain_text.LONGEST_TEXT:
                raise forms.ValidationError(_("This document is too long."))
            self.text = text
            return file
        try:
            converted = converting.convert(record.read_text(text))
        except record.RecordInvalid as error:
            told = _(error.template) % error.data
            place = f"{error.place}: {told}" if error.place else told
            words = _("This rate cannot be taken as it is. %(error)s") % {"error": place}
            raise forms.ValidationError(words) from error
        self.text = loose.written(converted.document)
        self.remarks = tuple(f"{each.place}: {_(each.template) % each.data}" for each in converted.remarks)
        return file


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
@once.carried_out_once
def take(request: access.Request) -> HttpResponse:
    """This will ask for a file and show what it holds in the form of a new tariff; it is kept when that is saved."""
    if request.method == "POST" and "file" not in request.FILES and "take" not in request.POST:
        return editing.edit(request, _task(request, {}))
    form = FileForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid():
        for remark in form.remarks:
            messages.warning(request, remark)
        messages.info(request, _("Look it over and save it; nothing is kept yet."))
        return editing.show(request, _task(request, {}), form.text)
    back = reverse("tariffs", args=[request.organization.public_id])
    return render(request, "tariffs/take.html", {"form": form, "back": back}, status=422 if form.errors else 200)


def _task(request: access.Request, start: dict[str, Any]) -> editing.Task:
    return editing.task_of_new(request, start)


@require_GET
@access.page(permission=permissions.VIEW_TARIFF, module=Module.BILLING, by_site=True)
def give(request: access.Request, tariff: uuid.UUID) -> HttpResponse:
    """This will give out the document of a version (`?version=3`, else the one in force) as a file."""
    row = views.find(tariff, on=request.at.date())
    versions = tariff_queries.list_versions(tariff_id=row.id)
    asked = request.GET.get("version", "")
    found = next((each for each in versions if str(each.number) == asked), None)
    if found is None and asked:
        raise Http404(_("The tariff has no such version."))
    found = found or row.current or row.draft or versions[0]
    answer = HttpResponse(loose.written(found.raw), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{_name(row.code)}-{found.number}.json"'
    return answer


def _name(code: str) -> str:
    return "".join(each if each.isascii() and (each.isalnum() or each in "-_") else "-" for each in code)
