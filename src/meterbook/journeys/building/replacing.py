"""Which waiting workbooks an import replaces: earlier ones of the same person that could not be imported."""

from __future__ import annotations

from collections.abc import Set

from meterbook.acquisition import networks
from meterbook.journeys.building import book, present, rules, sheets
from meterbook.journeys.building.sheets import Sheet
from meterbook.sites import models as site_models
from meterbook.sites import queries as site_queries

MOST = 5  # that are looked at: each is read


def replaced(
    file: site_models.BuildingFile,
    content: bytes,
    known: present.Present,
    language: str,
    allowed: networks.AllowedNetworks,
) -> list[site_models.BuildingFile]:
    """This will return the newest waiting workbooks that `file` replaces; call it before `file` is written.

    They were sent before it by the same person, name one of its sites or none, and are the same file or have faults.
    """
    waiting = site_models.BuildingFile.objects.select_for_update().filter(
        organization_id=file.organization_id, author=file.author, imported_at=None, uploaded_at__lte=file.uploaded_at
    )
    columns = sheets.columns_of(site_queries.list_fields())
    own: Set[str] | None = None
    found = []
    for each in waiting.exclude(pk=file.pk).order_by("-uploaded_at", "-id")[:MOST]:
        if each.digest == file.digest:
            found.append(each)
            continue
        try:
            read = book.read(bytes(each.content), columns, language)
        except book.WorkbookRefused:
            found.append(each)  # nobody can read it
            continue
        named = _sites(read, known)
        own = _sites(book.read(content, columns, language), known) if own is None else own
        if (not named or not own or named & own) and rules.plan(
            read, known, columns, allowed, file.uploaded_at
        ).total_problems:
            found.append(each)
    return found


def _sites(read: book.Book, known: present.Present) -> frozenset[str]:
    """The codes of the sites that a workbook is about; what it says nothing of is where it is now."""
    found = {str(code) for row in read.rows[Sheet.SITES] if (code := row.values.get("code")) is not None}
    for sheet, values_of in ((Sheet.PLACES, known.values_of_places), (Sheet.POINTS, known.values_of_points)):
        for row in read.rows[sheet]:
            site = row.values.get("site") or values_of.get(str(row.values.get("code")), {}).get("site")
            if site is not None:
                found.add(str(site))
    return frozenset(found)
