"""Invoices of suppliers with their versions and files; sheets that a further one replaces, and proposals of it."""

from __future__ import annotations

import uuid
from typing import Any

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

KEEP = """
CREATE OR REPLACE FUNCTION billing_keep_sheet() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    stands text;
    was jsonb;
BEGIN
    SELECT r.state INTO stands FROM public.billing_billrun r WHERE r.id = OLD.run_id;
    IF TG_OP = 'UPDATE' THEN
        was := to_jsonb(OLD) || jsonb_build_object('is_replaced', NEW.is_replaced);
        IF NEW.is_replaced AND was = to_jsonb(NEW) THEN
            RETURN NEW;
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' OR stands IN ('APPROVED', 'ISSUING', 'DELIVERED', 'CLOSED') THEN
        RAISE EXCEPTION 'an allocation sheet stays as it was approved; carry a difference into the next period'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION billing_keep_sheet() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    stands text;
BEGIN
    SELECT r.state INTO stands FROM public.billing_billrun r WHERE r.id = OLD.run_id;
    IF TG_OP = 'UPDATE' OR stands IN ('APPROVED', 'ISSUING', 'DELIVERED', 'CLOSED') THEN
        RAISE EXCEPTION 'an allocation sheet stays as it was approved; carry a difference into the next period'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
"""


def key(to: str, **more: Any) -> models.ForeignKey[Any, Any]:  # noqa: ANN401
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=to, **more)


def head() -> list[tuple[str, models.Field[Any, Any]]]:
    return [
        ("organization_id", models.IntegerField()),
        ("id", models.BigAutoField(primary_key=True, serialize=False)),
        ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
    ]


def stamps() -> list[tuple[str, models.Field[Any, Any]]]:
    now = django.db.models.functions.datetime.Now
    return [
        (name, models.DateTimeField(db_default=now(), editable=False)) for name in ("created_at", "updated_at")
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0010_bill_services_apart"),
        ("sites", "0003_keep_facts_and_history_of_places"),
    ]

    operations = [
        migrations.CreateModel(
            name="SupplierInvoice",
            fields=[
                *head(),
                *stamps(),
                ("supplier", models.CharField(max_length=200)),
                ("number", models.CharField(max_length=80)),
                ("code", models.CharField(max_length=40)),
                ("service", models.CharField(max_length=20)),
                ("days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("charged_days", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("currency", models.CharField(max_length=3)),
                ("total", models.DecimalField(decimal_places=4, max_digits=24)),
                ("quantity", models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("version", models.IntegerField(default=1)),
                ("is_withdrawn", models.BooleanField(default=False)),
                ("site", key("sites.site", db_index=False)),
            ],
            options={
                "indexes": [models.Index(fields=["site", "days"], name="supplier_invoice_of_days")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_withdrawn", False)),
                        fields=("site", "supplier", "number"),
                        name="supplier_invoice_number_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplierInvoiceVersion",
            fields=[
                *head(),
                ("number", models.IntegerField()),
                ("document", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("is_withdrawn", models.BooleanField(default=False)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("saved_at", models.DateTimeField()),
                ("saved_by", models.CharField(max_length=200)),
                ("invoice", key("billing.supplierinvoice", related_name="versions")),
                ("site", key("sites.site", db_index=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "number"), name="supplier_invoice_version_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SupplierInvoiceFile",
            fields=[
                *head(),
                ("name", models.CharField(max_length=200)),
                ("media_type", models.CharField(max_length=100)),
                ("content", models.BinaryField()),
                ("size", models.IntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("added_at", models.DateTimeField()),
                ("added_by", models.CharField(max_length=200)),
                ("invoice", key("billing.supplierinvoice", related_name="files")),
                ("site", key("sites.site", db_index=False)),
            ],
            options={"abstract": False},
        ),
        migrations.AddField(
            model_name="poolentry",
            name="invoice",
            field=key("billing.supplierinvoice", blank=True, null=True, related_name="pool_entries"),
        ),
        migrations.AddField(
            model_name="poolentry", name="line", field=models.SmallIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="poolentry",
            name="line_kind",
            field=models.CharField(blank=True, default="", max_length=10),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="poolentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at", None)),
                fields=("invoice", "line"),
                name="pool_invoice_line_once",
            ),
        ),
        migrations.AddField(
            model_name="poolsheet",
            name="is_replaced",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="poolsheet",
            name="replaces",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="billing.poolsheet",
            ),
        ),
        migrations.RemoveConstraint(model_name="poolsheet", name="pool_divided_once"),
        migrations.AddConstraint(
            model_name="poolsheet",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("is_replaced", False)),
                expressions=[("pool", "="), ("days", "&&")],
                name="pool_divided_once",
            ),
        ),
        migrations.CreateModel(
            name="PoolRebill",
            fields=[
                *head(),
                *stamps(),
                ("state", models.CharField(max_length=10)),
                ("reason", models.CharField(max_length=1000)),
                ("digest", models.CharField(max_length=64)),
                ("plan", models.JSONField()),
                ("proposed_at", models.DateTimeField()),
                ("proposed_by", models.CharField(max_length=200)),
                ("proposed_by_id", models.BigIntegerField(blank=True, null=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decided_by", models.CharField(blank=True, max_length=200)),
                ("is_decided_alone", models.BooleanField(default=False)),
                ("sheet", key("billing.poolsheet", related_name="rebills")),
                ("site", key("sites.site", db_index=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["PROPOSED", "DONE", "REJECTED"])),
                        name="pool_rebill_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "PROPOSED")), fields=("sheet",), name="pool_rebill_one_open"
                    ),
                ],
            },
        ),
        migrations.RunSQL(KEEP, BEFORE),
    ]
