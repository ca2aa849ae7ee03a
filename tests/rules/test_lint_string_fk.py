"""The check of foreign keys finds targets named by a string."""

from __future__ import annotations

import pytest

from tools.lint import string_fk
from tools.lint.findings import Source


class TestCheck:
    @pytest.mark.parametrize(
        "field",
        [
            'site = models.ForeignKey("sites.Site", on_delete=models.PROTECT)',
            'site = models.ForeignKey(to="sites.Site", on_delete=models.PROTECT)',
            'site = OneToOneField("Site", on_delete=models.PROTECT)',
            'sites = models.ManyToManyField("Site")',
        ],
    )
    def test_reports_a_string(self, field: str) -> None:
        assert len(string_fk.check(Source("src/meterbook/alarms/models.py", field))) == 1

    @pytest.mark.parametrize(
        "field",
        [
            "site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)",
            'parent = models.ForeignKey("self", on_delete=models.PROTECT)',
            'name = models.CharField("name")',
        ],
    )
    def test_accepts_a_class_and_the_model_itself(self, field: str) -> None:
        assert string_fk.check(Source("src/meterbook/alarms/models.py", field)) == []
