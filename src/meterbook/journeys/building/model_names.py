"""The models of the library as people write them in a workbook: by maker and name, or by code."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import catalogue
from meterbook.kernel import order
from meterbook.sites import values as site_values

MOST_OFFERED = 3
NEAR = 7 / 10  # how alike two names are that may be meant for each other; below it they share letters by chance
LEAST_INSIDE = 3  # letters that a name must have to be looked for inside of others
BY_HAND = _("Read by hand or from files")  # as forms call a meter without a model


def offered() -> Mapping[str, str]:
    """This will return the models by their codes, in the order of their captions; simulated ones only in a demo."""
    known = catalogue.current().offered(is_demo=settings.IS_DEMO)
    captions = {each.code: f"{each.manufacturer} {each.name}" for each in known}
    return dict(sorted(captions.items(), key=lambda pair: pair[1].casefold()))


def is_none(given: str) -> bool:
    """This will tell whether a text says, in any language of ours, that nobody asks the meter: it has no model then."""
    wanted = _plain(given)
    for language in site_values.LANGUAGES:
        with translation.override(language):
            if wanted == _plain(str(BY_HAND)):
                return True
    return False


def code_of(given: str) -> str | None:
    """This will return the code that a text means: eastron_sdm630, "Eastron SDM630", or SDM630 if no other has it."""
    if given in catalogue.current():
        return given
    wanted = _plain(given)
    models = catalogue.current().all_models()
    full = [each.code for each in models if wanted in {_plain(each.code), _plain(each.manufacturer + each.name)}]
    found = full or [each.code for each in models if wanted == _plain(each.name)]
    return found[0] if len(found) == 1 else None


def near(given: str) -> tuple[str, ...]:
    """This will return the captions of models that are written nearly so, the nearest first; often of none."""
    captions = offered()
    by_writing = {_plain(caption): caption for caption in captions.values()} | {
        _plain(code): caption for code, caption in captions.items()
    }
    wanted = _plain(given)
    inside = [caption for plain, caption in by_writing.items() if len(wanted) >= LEAST_INSIDE and wanted in plain]
    alike = difflib.get_close_matches(wanted, list(by_writing), n=MOST_OFFERED * 2, cutoff=NEAR)
    return tuple(dict.fromkeys([*inside, *(by_writing[each] for each in alike)]))[:MOST_OFFERED]


def _plain(text: str) -> str:
    return "".join(each for each in order.plain(text) if each.isalnum())
