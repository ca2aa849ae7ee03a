"""The check that ORM statements name the organization finds those that do not."""

from __future__ import annotations

import pytest

from tools.lint import tenant_scope
from tools.lint.findings import ROOT, Source

MODELS = frozenset({"Meter"})


def findings(text: str) -> list[str]:
    return [each.message for each in tenant_scope.check(Source("src/meterbook/metering/queries.py", text), MODELS)]


class TestCheck:
    @pytest.mark.parametrize(
        "statement",
        [
            "models.Meter.objects.all()",
            "models.Meter.objects.get(pk=1)",
            "models.Meter.objects.filter(site=site).order_by('id').first()",
            "list(models.Meter.objects.select_related('site').filter(pk__in=ids))",
            "found = (models.Meter.objects\n    .select_for_update()\n    .get(pk=1))",
            "for meter in Meter.objects.exclude(code=''):\n    use(meter, organization_id=1)",
            "models.Meter._default_manager.get(pk=1)",
        ],
    )
    def test_reports_a_statement_without_organization(self, statement: str) -> None:
        assert len(findings(statement)) == 1

    @pytest.mark.parametrize(
        "statement",
        [
            "models.Meter.objects.filter(organization_id=scoping.current().organization_id)",
            "models.Meter.objects.filter(organization_id__in=scoping.current().organizations).get(pk=1)",
            "models.Meter.objects.select_for_update().filter(Q(organization_id=1) & Q(pk=2)).first()",
            "models.Meter.objects.create(organization_id=1, code='a')",
            "models.Meter.objects.create(organization=organization, code='a')",
            "models.Meter.objects.bulk_create(rows)",
            "models.Reading.objects.all()",
        ],
    )
    def test_accepts_a_statement_that_names_it(self, statement: str) -> None:
        assert findings(statement) == []

    @pytest.mark.parametrize(
        ("statement", "name"),
        [
            ("from meterbook.metering import models", "models.Meter"),
            ("from meterbook.metering import models as metering_models", "metering_models.Meter"),
            ("from meterbook.metering.models import meters", "meters.Meter"),
            ("from meterbook.metering.models import Meter", "Meter"),
        ],
    )
    def test_reports_an_object_made_without_organization(self, statement: str, name: str) -> None:
        text = f"{statement}\nrows = [{name}(code=code) for code in codes]"

        assert findings(text) == ["Meter(...) is made without its organization."]

    def test_knows_a_model_from_a_value_of_the_same_name(self) -> None:
        assert findings("from meterbook.metering import inputs\nmeter = inputs.Meter(code='a')") == []

    def test_gives_the_line(self) -> None:
        found = tenant_scope.check(Source("a.py", "x = 1\n\nmodels.Meter.objects.all()\n"), MODELS)

        assert str(found[0]).startswith("a.py:3: Meter.objects.all does not name the organization.")


class TestTenantModels:
    def test_follows_inheritance(self) -> None:
        text = "class Base(models.TenantModel): ...\nclass Meter(Base): ...\nclass Tick(models.Guarded): ...\n"

        assert tenant_scope.tenant_models([Source("models.py", text)]) == {"TenantModel", "Base", "Meter"} - {
            "TenantModel"
        }

    def test_knows_the_models_of_the_product(self) -> None:
        files = tenant_scope.sources(ROOT, "src/meterbook")

        assert {"Site", "SiteNode", "Alarm", "AuditEntry"} <= tenant_scope.tenant_models(files)
