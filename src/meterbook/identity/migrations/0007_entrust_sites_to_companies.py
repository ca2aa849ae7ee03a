import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0006_let_sites_differ_in_modules'),
    ]

    operations = [
        migrations.CreateModel(
            name='Delegation',
            fields=[
                ('organization_id', models.IntegerField()),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('manager_name', models.CharField(max_length=200)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None)),
                ('site_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, null=True, size=None)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(blank=True, null=True)),
                ('given_by', models.CharField(max_length=200)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_by', models.CharField(blank=True, max_length=200)),
                ('manager', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.organization')),
            ],
        ),
        migrations.AddIndex(
            model_name='delegation',
            index=models.Index(fields=['organization_id', 'starts_at'], name='delegation_of_landlord'),
        ),
        migrations.AddIndex(
            model_name='delegation',
            index=models.Index(fields=['manager', 'starts_at'], name='delegation_to_manager'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at', None), ('ends_at__gte', models.F('starts_at')), _connector='OR'), name='delegation_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('manager', models.F('organization_id')), _negated=True), name='delegation_to_another'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('scopes', []), _negated=True), name='delegation_of_something'),
        ),
        migrations.AddField(
            model_name='grant',
            name='may_configure',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='organization',
            name='alone_allowed',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), db_default=[], default=list, size=None),
        ),
        # A grant may reach one metering point or one account too.
        migrations.RemoveConstraint(
            model_name='grant',
            name='grant_scope_complete',
        ),
        migrations.AddConstraint(
            model_name='grant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('scope_id', None), ('scope_kind', 'ORGANIZATION')), models.Q(('scope_id__isnull', False), ('scope_kind__in', ('SITE', 'METER', 'ACCOUNT'))), _connector='OR'), name='grant_scope_complete'),
        ),
    ]
