"""One more check: tariff registers beside the register that counts all."""

from django.db import migrations, models

KINDS = [
    "STUCK",
    "SPIKE",
    "ZERO_OCCUPIED",
    "USE_VACANT",
    "REGISTER_SUM",
    "PARENT_SUM",
    "PHASE_MISSING",
    "CT_REVERSED",
    "DUPLICATE",
    "OFF_TIME",
    "TARIFF_SUM",
]


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0004_keep_hours_of_lines")]

    operations = [
        migrations.RemoveConstraint(model_name="dayfinding", name="day_finding_kind_known"),
        migrations.AddConstraint(
            model_name="dayfinding",
            constraint=models.CheckConstraint(condition=models.Q(("kind__in", KINDS)), name="day_finding_kind_known"),
        ),
    ]
