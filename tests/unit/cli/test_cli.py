"""Small parts of the commands."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from meterbook.cli import bind, demo_folder, main


def options(*arguments: str) -> argparse.Namespace:
    """Parsed --host and --port."""
    parser = argparse.ArgumentParser()
    bind.add_arguments(parser)
    return parser.parse_args(arguments)


class TestBind:
    @pytest.mark.parametrize(
        ("arguments", "environ", "expected"),
        [
            ((), {}, ("127.0.0.1", 8000)),
            ((), {"MB_BIND": "0.0.0.0:80"}, ("0.0.0.0", 80)),  # noqa: S104  # what an administrator may ask for
            ((), {"MB_BIND": "[::1]:8001"}, ("::1", 8001)),
            (("--port", "9000"), {"MB_BIND": "10.0.0.1:80"}, ("10.0.0.1", 9000)),
            (("--host", "10.0.0.2"), {}, ("10.0.0.2", 8000)),
        ],
    )
    def test_prefers_options_to_the_environment(
        self, arguments: tuple[str, ...], environ: dict[str, str], expected: tuple[str, int]
    ) -> None:
        assert bind.chosen(options(*arguments), environ) == expected

    @pytest.mark.parametrize("value", ["nowhere", "127.0.0.1:", "127.0.0.1:99999"])
    def test_refuses_what_is_no_address(self, value: str) -> None:
        with pytest.raises(bind.AddressUnreadable, match=value):
            bind.chosen(options(), {"MB_BIND": value})


class TestDemoFolder:
    def test_marks_a_new_folder_for_ever(self, tmp_path: Path) -> None:
        demo_folder.mark(tmp_path / "demo")
        demo_folder.mark(tmp_path / "demo")

        with pytest.raises(demo_folder.IsDemo, match="meterbook demo --data"):
            demo_folder.refuse_demo(tmp_path / "demo")

    def test_refuses_a_folder_with_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "letter.txt").write_text("Dear Ada")

        with pytest.raises(demo_folder.IsNoDemo, match="is not empty"):
            demo_folder.mark(tmp_path)

        assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


class TestMain:
    def test_help_names_every_command_and_loads_none(self) -> None:
        code = (
            "import sys; from meterbook.cli import main\n"
            "try: main.main(['--help'])\n"
            "except SystemExit: pass\n"
            "assert not {'django', 'psycopg', 'numpy'} & set(sys.modules)"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stderr
        shown = [name for name, each in main.COMMANDS.items() if each.help != argparse.SUPPRESS]
        assert all(f"    {name} " in done.stdout for name in shown)
        assert "prepare" not in done.stdout
