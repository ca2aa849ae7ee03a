"""Where the built front end lies: names in templates to addresses, by the manifest that the build writes."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.templatetags.static import static

FOLDER = "dist"
MANIFEST = Path(__file__).parent / "static" / FOLDER / "manifest.json"
ICONS = Path(__file__).parent / "icons.json"


class FrontendNotBuilt(RuntimeError):
    """The front end is not built; run `make setup`."""


class AssetUnknown(LookupError):
    """The build has no such entry; see `input` in frontend/vite.config.ts."""


class IconUnknown(LookupError):
    """There is no such icon; add it to frontend/icons.json and run `npm run icons` in frontend/."""


def address(name: str) -> str:
    """This will return the address of a built file: `app.js`, `app.css`, `boot.js`.

    :raises FrontendNotBuilt: when the build was never run
    :raises AssetUnknown: when the build has no entry of that name
    """
    return static(f"{FOLDER}/{file(name)}")


def file(name: str) -> str:
    """This will return where a built file lies below the folder of the build.

    :raises FrontendNotBuilt: when the build was never run
    :raises AssetUnknown: when the build has no entry of that name
    """
    stem, _, kind = name.rpartition(".")
    entry = _manifest().get(f"src/{stem}.ts", {})
    found = [entry["file"]] if kind == "js" and entry else entry.get("css", [])
    if not found:
        raise AssetUnknown(f"{name!r}: {AssetUnknown.__doc__}")
    made: str = found[0]
    return made


def icon_paths(name: str) -> tuple[str, ...]:
    """This will return the `d` of each path of an icon drawn on 24 x 24.

    :raises IconUnknown: when templates may not use it
    """
    found = _icons().get(name)
    if found is None:
        raise IconUnknown(f"{name!r}: {IconUnknown.__doc__}")
    return found


def _manifest() -> dict[str, dict[str, Any]]:
    try:
        written = MANIFEST.stat().st_mtime_ns if settings.DEBUG else 0
        return _read_manifest(written)
    except FileNotFoundError as error:
        raise FrontendNotBuilt(FrontendNotBuilt.__doc__) from error


@functools.lru_cache(maxsize=1)
def _read_manifest(written: int) -> dict[str, dict[str, Any]]:
    """Read once; while developing, again after each build (`written` is its time)."""
    found: dict[str, dict[str, Any]] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return found


@functools.cache
def _icons() -> dict[str, tuple[str, ...]]:
    return {name: tuple(paths) for name, paths in json.loads(ICONS.read_text(encoding="utf-8")).items()}
