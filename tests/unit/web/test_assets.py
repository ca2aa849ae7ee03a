"""Built files and icons."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.template import Context, Template

from meterbook.web import assets


class TestAssets:
    def test_that_were_never_built_name_the_command_that_builds_them(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(assets, "MANIFEST", tmp_path / "manifest.json")
        assets._read_manifest.cache_clear()

        with pytest.raises(assets.FrontendNotBuilt, match="make setup"):
            assets.address("app.js")

    def test_have_the_address_that_the_build_gave_them(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        manifest = tmp_path / "manifest.json"
        manifest.write_text('{"src/app.ts": {"file": "assets/app-1.js", "css": ["assets/app-2.css"]}}')
        monkeypatch.setattr(assets, "MANIFEST", manifest)
        assets._read_manifest.cache_clear()

        assert assets.address("app.js") == "/static/dist/assets/app-1.js"
        assert assets.address("app.css") == "/static/dist/assets/app-2.css"
        with pytest.raises(assets.AssetUnknown):
            assets.address("other.js")
        assets._read_manifest.cache_clear()


class TestIcons:
    def test_are_written_into_the_page(self) -> None:
        shown = Template('{% load meterbook %}{% icon "home" "icon-small" %}').render(Context())

        assert shown.startswith('<svg class="icon icon-small"')
        assert '<path d="' in shown

    def test_that_are_unknown_say_where_to_add_them(self) -> None:
        with pytest.raises(assets.IconUnknown, match=r"icons\.json"):
            assets.icon_paths("no-such-icon")
