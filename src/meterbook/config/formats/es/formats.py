"""Dates of Spanish pages, written as those of English ones: 3 ene 2019."""

SHORT_DATE_FORMAT = "j b Y"
SHORT_DATETIME_FORMAT = "j b Y H:i"
