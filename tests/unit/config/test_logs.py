"""What went wrong is in the log: with its stack, and with the id that the page shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# In a process of its own: the settings of the log are those of a process.
FAIL = """
import django; django.setup()
import sys, types
from django.test import Client, override_settings
from django.urls import path

def broken(request):
    raise LookupError("the till is empty")

urls = types.ModuleType("broken_urls")
urls.urlpatterns = [path("broken", broken)]
urls.handler500 = "meterbook.web.errors.server_error"
sys.modules["broken_urls"] = urls
with override_settings(ROOT_URLCONF="broken_urls", ALLOWED_HOSTS=["testserver"]):
    client = Client(raise_request_exception=False)
    answer = client.get("/broken", headers=HEADERS)
print(answer.status_code, answer.content.decode())
"""
SPEAK = """
import django; django.setup()
import structlog
structlog.get_logger().warning("collector.listener_lost", error="gone")
print("only this")
"""


PROBE = """
import django; django.setup()
from django.test import Client, override_settings
with override_settings(ALLOWED_HOSTS=["testserver"]):
    for number in range(3):
        client = Client(raise_request_exception=False)
        client.get("/healthz", headers={"Host": f"evil{number}.example"})
"""


def run(code: str, data_dir: Path) -> tuple[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MB_", "DATABASE_URL"))}
    environ = {**kept, "MB_DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "meterbook.config.settings"}
    environ["PYTHONPATH"] = str(ROOT / "src")
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout, done.stderr


class TestFailedRequest:
    def test_is_logged_with_stack_and_the_id_of_the_page(self, tmp_path: Path) -> None:
        page, log = run(FAIL.replace("HEADERS", "{}"), tmp_path)

        assert page.startswith("500 ")
        (shown,) = re.findall(r'<span class="tnum">([0-9a-f]{8})</span>', page)
        assert "ERROR django.request: Internal Server Error: /broken" in log
        assert f"[error {shown}]" in log
        assert "Traceback" in log
        assert "LookupError: the till is empty" in log
        assert "till" not in page

    def test_tells_a_program_the_id_in_one_line(self, tmp_path: Path) -> None:
        page, log = run(FAIL.replace("HEADERS", '{"Accept": "application/json"}'), tmp_path)

        (shown,) = re.findall(r"under ([0-9a-f]{8})\.", page)
        assert f"[error {shown}]" in log


class TestProcesses:
    def test_speak_to_standard_error_and_leave_the_output_to_commands(self, tmp_path: Path) -> None:
        output, log = run(SPEAK, tmp_path)

        assert output == "only this\n"
        assert "collector.listener_lost" in log
        assert "error=gone" in log


def test_a_foreign_name_in_a_request_is_one_line_however_often_it_comes(tmp_path: Path) -> None:
    _said, logged = run(PROBE, tmp_path)

    assert len([each for each in logged.splitlines() if each.strip()]) == 1
    assert "evil0.example" in logged
    assert "Traceback" not in logged
