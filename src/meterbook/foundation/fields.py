"""What migrations may import from Meterbook (conventions 37): nothing else."""

from __future__ import annotations

from django.db.models import Func, TextField


class NaturalKey(Func):
    """The key by which a text sorts as people do, for a stored generated column: "Shop 2" before "Shop 10".

    Accents go, letters become small, and each number is filled up with zeros to twelve digits. A column rather than an
    ICU collation, because the database that is built in has none.
    """

    template = (
        "regexp_replace(regexp_replace(regexp_replace(normalize(lower(%(expressions)s), NFKD), '[\\u0300-\\u036f]', '',"
        " 'g'), '([0-9]+)', '00000000000\\1', 'g'), '0*([0-9]{12})', '\\1', 'g')"
    )
    output_field = TextField()
