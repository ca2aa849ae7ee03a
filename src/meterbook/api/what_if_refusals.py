"""What what-ifs in the background refuse, and how programs are told."""

from __future__ import annotations

from collections.abc import Mapping

from meterbook.billing.whatif import background, kept

NOT_FOUND, STATE = (404, "not_found"), (409, "state")
KINDS: Mapping[type[Exception], tuple[int, str]] = {
    background.TooManyAtWork: STATE,
    background.WhatIfAtWork: STATE,
    background.WhatIfEnded: STATE,
    kept.WhatIfNotDone: STATE,
    kept.WhatIfNotFound: NOT_FOUND,
}
