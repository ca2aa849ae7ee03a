"""Tables of documents: series, files, letterhead (`files`), what was issued (`register`), `looks` and `signing`."""

from meterbook.documents.models.files import IssuedFile, Letterhead, Logo, NumberSeries, SeriesPlan
from meterbook.documents.models.looks import OwnLogo, TemplateDraft, TemplateVersion
from meterbook.documents.models.register import DayRoot, DocumentMark, IssuedDocument
from meterbook.documents.models.signing import SigningCertificate

__all__ = [
    "DayRoot",
    "DocumentMark",
    "IssuedDocument",
    "IssuedFile",
    "Letterhead",
    "Logo",
    "NumberSeries",
    "OwnLogo",
    "SeriesPlan",
    "SigningCertificate",
    "TemplateDraft",
    "TemplateVersion",
]
