"""Words of tariffs in the database."""

from __future__ import annotations

import enum

from django.utils.translation import gettext_lazy as _


class VersionState(enum.StrEnum):
    """A version is written as a draft and published once; published versions never change."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"


VERSION_STATE_CAPTIONS = {VersionState.DRAFT: _("Draft"), VersionState.PUBLISHED: _("Published")}
