"""`meterbook-gateway broker` keeps how the broker is entered, for its owner's eyes only."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from meterbook.acquisition.push import configuration, signing
from meterbook.gateway import keeping
from meterbook.gateway import main as gateway_main

GATEWAY, SECRET = "0b6c7f1e-6f0c-4c3e-9a61-2f0f5a0d9b11", bytes(range(32))


def test_user_and_password_are_kept_and_never_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, word = tmp_path / "gateway", tmp_path / "password.txt"
    word.write_text("two words\n")
    carrier = {"host": "mqtt.example.com", "port": 8883, "is_encrypted": True, "authority": ""}
    text = configuration.write({"gateway": GATEWAY, "number": 1, "buses": [], "models": {}, "carrier": carrier})
    kept = keeping.Kept(
        server="https://meters.example.com",
        gateway=GATEWAY,
        name="Riser",
        key="k",
        secret=signing.encode(SECRET),
        algorithm="ed25519",
        server_key=signing.encode(signing.public_half(SECRET)),
    )
    keeping.save(folder, kept.with_configuration(text, configuration.sign(SECRET, text)))

    given = ["broker", "--folder", str(folder), "--broker-user", "riser", "--broker-password-file", str(word)]
    assert gateway_main.main(given) == 0
    assert "mqtt.example.com:8883 (encrypted)" in capsys.readouterr().out
    found = keeping.load(folder)
    assert (found.broker_user, found.broker_password, found.number) == ("riser", "two words", 1)
    assert "two words" not in repr(found)
    assert stat.S_IMODE((folder / keeping.FILE).stat().st_mode) == 0o600
    assert gateway_main.main(["status", "--folder", str(folder)]) == 0
    told = capsys.readouterr().out
    assert json.loads(told)["broker"] == "mqtt.example.com:8883"
    assert "two words" not in told
