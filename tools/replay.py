"""Make ten thousand bills again and compare them with those that were adopted.

python -m tools.replay           what would change, by tariff, with totals before and after; exit status 1 if anything
python -m tools.replay --adopt   keep what the engine makes now; a change of bytes needs a new `content.ENGINE`, too
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter

import django

SHOWN = 5  # bills of each tariff


def main() -> int:
    """This will print the differences, or adopt them."""
    parser = argparse.ArgumentParser(prog="python -m tools.replay", description=__doc__)
    parser.add_argument("--adopt", action="store_true", help="keep what the engine makes now")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbook.config.settings")
    django.setup()
    from tests.support import corpus

    made = [each for code in sorted(corpus.documents()) for each in corpus.made(code)]
    kept = {each.name: each for each in corpus.kept()} if corpus.KEPT.exists() else {}
    count = _tell(made, kept)
    if options.adopt:
        corpus.keep(made)
        sys.stdout.write(f"{len(made)} bills adopted.\n")
        return 0
    return int(bool(count))


def _tell(made: list, kept: dict) -> int:  # type: ignore[type-arg]  # corpus.Bill, which is imported late
    told: Counter[str] = Counter()
    for bill in made:
        before = kept.get(bill.name)
        if before == bill:
            continue
        tariff = bill.name.rsplit(" ", 2)[0]
        told[tariff] += 1
        if told[tariff] <= SHOWN:
            money = "the same total" if before and before.total == bill.total else f"now {bill.total}"
            sys.stdout.write(f"{bill.name}: {before.total if before else 'new'}, {money}\n")
    gone = len(kept.keys() - {each.name for each in made})
    for tariff, count in sorted(told.items()):
        sys.stdout.write(f"{tariff}: {count} bills differ\n")
    sys.stdout.write(f"{len(made)} bills made, {told.total()} differ, {gone} of the kept ones were not made.\n")
    return told.total() + gone


if __name__ == "__main__":
    raise SystemExit(main())
