"""What is wrong with the memory of a meter type, in the reader's language; `type_texts` tells the rest."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

# Of `library.schema.json`. A test holds them together.
SCHEMA = (
    _("write the minutes between two records (1, 5, 10, 15, 30, 60 or 1440), or MONTH"),
    _("write LOCAL, STANDARD (without summer time) or UTC, whichever the meter's clock shows"),
    _("write false when only a person may have the memory asked, else leave it out"),
    _(
        "write SIX_WORDS (year to second), SIX_BYTES (the same in three words, year from 2000) or "
        "UNIX (seconds, two words)"
    ),
    _(
        "a memory has step, records, function, address, words and registers; optional are stride, "
        "ring, time, stamp, clock and automatic"
    ),
    _("write how many records there are, from 1 to 10000"),
    _("write the address of the newest record, of a ring that of its first place, counted from 0"),
    _("write how many words a record has, from 1 to 125"),
    _("write how many words further the next older record begins; below zero when it lies before"),
    _("write the address of the pointer, with names and base where they differ, or leave ring out"),
    _("write NEWEST when the pointer names the newest record, or NEXT when it names the place that is written next"),
    _("write the number of the first place, 0 or 1"),
    _("write offset and format of the record's own time, or leave stamp out"),
    _("write address and format of the meter's clock, or leave clock out"),
    _("write the address, counted from 0"),
    _("list the counters of a record, each with code and offset"),
    _("a remembered counter has code and offset; optional are type and scale"),
    _("write how many words after the record's beginning it stands"),
    _("a memory has step, records and registers; optional are edge, time and automatic"),
    _("write the highest storage number, from 1 to 1000"),
    _("write START or END: what a date without a time means"),
    _("list the counters that are remembered, each by its code"),
    _("write the code of a counter"),
    _("write what the meter remembers: step, records and registers, or leave memory out"),
)
# Of `library.memories`.
FAULTS = (
    _("meters of this protocol cannot be asked for what they remember"),
    _("leave memory out"),
    _("%(code)s is no counter of the list of registers"),
    _("write the code of a counter"),
    _("%(code)s is remembered twice"),
    _("ends behind the record"),
    _("correct offset or memory.words"),
    _("raise limits.words or correct it"),
    _("the oldest record lies outside of the addresses 0 to 65535"),
    _("correct address, stride or records"),
    _("correct its offset or memory.words"),
    _("a pointer of one word cannot count so many records"),
    _("correct records"),
    _("months have different lengths and the records no time"),
    _("write where the record's stamp stands"),
)
