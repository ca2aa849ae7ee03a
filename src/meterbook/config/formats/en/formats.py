"""Dates of English pages: 3 Jan 2019 is read alike on both sides of an ocean, 1/3/2019 is not."""

DATE_FORMAT = "j F Y"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y H:i"
