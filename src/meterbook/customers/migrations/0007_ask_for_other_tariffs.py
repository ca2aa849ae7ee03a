import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0006_open_cost_centers'),
        ('metering', '0003_create_import_files'),
        ('tariffs', '0003_name_prices_by_the_hour'),
    ]

    operations = [
        migrations.CreateModel(
            name='TariffOverride',
            fields=[
                ('organization_id', models.IntegerField()),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('reason', models.CharField(max_length=500)),
                ('author', models.CharField(max_length=200)),
                ('author_id', models.BigIntegerField(blank=True, null=True)),
                ('asked_at', models.DateTimeField()),
                ('state', models.CharField(default='WAITING', max_length=10)),
                ('decided_by', models.CharField(blank=True, default='', max_length=200)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('is_alone', models.BooleanField(default=False)),
                ('starts_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='customers.account')),
                ('default', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tariffs.tariff')),
                ('meter_point', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='metering.meterpoint')),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tariffs.tariff')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['WAITING', 'APPROVED', 'REFUSED'])), name='tariff_override_state_known'), models.UniqueConstraint(condition=models.Q(('state', 'WAITING')), fields=('account', 'meter_point', 'starts_at'), name='tariff_override_waits_once')],
            },
        ),
    ]
