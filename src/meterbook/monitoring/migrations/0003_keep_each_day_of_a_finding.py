"""Each day of a finding is kept with its numbers, so that it can be checked again; two more checks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0017_keep_thresholds_and_shapes"),
        ("monitoring", "0002_keep_findings_of_days"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="dayfinding",
            name="day_finding_kind_known",
        ),
        migrations.AddField(
            model_name="dayfinding",
            name="by_day",
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddConstraint(
            model_name="dayfinding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
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
                        ],
                    )
                ),
                name="day_finding_kind_known",
            ),
        ),
    ]
