"""Every action that the source records is called by words in the audit trail, not by its code."""

from __future__ import annotations

import re
from pathlib import Path

import meterbook
from meterbook.web.audit import captions

SOURCE = Path(meterbook.__file__).parent
RECORDED = re.compile(r'\baction="([a-z_]+:[a-z_]+)"')


def test_every_recorded_action_has_words() -> None:
    recorded = {found for file in SOURCE.rglob("*.py") for found in RECORDED.findall(file.read_text(encoding="utf-8"))}
    assert len(recorded) > 50
    assert not sorted(recorded - set(captions.ACTIONS))
