"""Thresholds of checks, agreed minimums, temperatures and shapes of estimates; policies in versions."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0016_keep_marks_as_they_are"),
        ("sites", "0003_keep_facts_and_history_of_places"),
    ]

    operations = [
        migrations.CreateModel(
            name="CheckingPolicy",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("service", models.CharField(blank=True, default="", max_length=20)),
                ("version", models.IntegerField()),
                ("thresholds", models.JSONField(default=dict)),
                ("set_by", models.CharField(max_length=200)),
                ("set_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="DayTemperature",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("day", models.DateField()),
                ("tenths", models.SmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="MinimumUse",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("from_date", models.DateField()),
                ("a_month", models.BigIntegerField(blank=True, null=True)),
                ("set_by", models.CharField(max_length=200)),
                ("set_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="UncheckedDays",
            fields=[
                ("organization_id", models.IntegerField()),
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("series", models.BinaryField()),
                ("days", models.BinaryField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "metering_uncheckeddays",
            },
        ),
        migrations.RemoveConstraint(
            model_name="estimatingpolicy",
            name="estimating_policy_once",
        ),
        migrations.AddField(
            model_name="correction",
            name="shape",
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="correctionproposal",
            name="shape",
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="estimatingpolicy",
            name="base_tenths",
            field=models.SmallIntegerField(db_default=180, default=180),
        ),
        migrations.AddField(
            model_name="estimatingpolicy",
            name="degree_days",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            model_name="estimatingpolicy",
            name="set_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="estimatingpolicy",
            name="set_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="estimatingpolicy",
            name="version",
            field=models.IntegerField(db_default=1, default=1),
        ),
        migrations.AddConstraint(
            model_name="estimatingpolicy",
            constraint=models.UniqueConstraint(
                fields=("organization_id", "site", "version"),
                name="estimating_policy_version_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddField(
            model_name="checkingpolicy",
            name="site",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="sites.site"
            ),
        ),
        migrations.AddField(
            model_name="daytemperature",
            name="site",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="sites.site"),
        ),
        migrations.AddField(
            model_name="minimumuse",
            name="meter_point",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="metering.meterpoint"),
        ),
        migrations.AddIndex(
            model_name="uncheckeddays",
            index=models.Index(fields=["organization_id", "id"], name="unchecked_days_organization"),
        ),
        migrations.AddConstraint(
            model_name="checkingpolicy",
            constraint=models.UniqueConstraint(
                fields=("organization_id", "site", "service", "version"),
                name="checking_policy_version_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="checkingpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "service__in",
                        ["", "ELECTRICITY", "COLD_WATER", "HOT_WATER", "GAS", "HEATING", "COOLING", "STEAM", "AIR"],
                    )
                ),
                name="checking_policy_service_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="daytemperature",
            constraint=models.UniqueConstraint(fields=("site", "day"), name="day_temperature_once"),
        ),
        migrations.AddConstraint(
            model_name="daytemperature",
            constraint=models.CheckConstraint(
                condition=models.Q(("tenths__gte", -900), ("tenths__lte", 700)), name="day_temperature_possible"
            ),
        ),
        migrations.AddConstraint(
            model_name="minimumuse",
            constraint=models.UniqueConstraint(fields=("meter_point", "from_date"), name="minimum_use_once_a_day"),
        ),
        migrations.AddConstraint(
            model_name="minimumuse",
            constraint=models.CheckConstraint(
                condition=models.Q(("a_month", None), ("a_month__gte", 0), _connector="OR"),
                name="minimum_use_not_negative",
            ),
        ),
    ]
