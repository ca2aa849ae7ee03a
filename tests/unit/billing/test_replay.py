"""Ten thousand bills are made again on each change: what the engine makes of the same facts is the same (I-03)."""

from __future__ import annotations

import pytest

from tests.support import corpus


@pytest.mark.spec("I-03")
@pytest.mark.parametrize("code", sorted(corpus.documents()))
def test_bills_come_out_as_they_were_adopted(code: str) -> None:
    wanted = {each.name: each for each in corpus.kept() if each.name.startswith(f"{code} 2")}

    found = list(corpus.made(code))

    assert len(found) == corpus.ACCOUNTS * len(corpus.MONTHS)
    changed = [f"{wanted.get(each.name)} -> {each}" for each in found if wanted.get(each.name) != each]
    assert not changed, f"{len(changed)} bills differ; `python -m tools.replay` tells which. {changed[:3]}"


@pytest.mark.spec("I-03")
def test_there_are_ten_thousand() -> None:
    kept = corpus.kept()

    assert len(kept) >= 10_000
    assert len({each.name for each in kept}) == len(kept)
    assert len({each.digest for each in kept}) == len(kept)
