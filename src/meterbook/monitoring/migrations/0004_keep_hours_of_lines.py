"""How lines and meters answer is counted by the hour."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('acquisition', '0010_carry_batches_and_hear_senders'),
        ('monitoring', '0003_keep_each_day_of_a_finding'),
    ]

    operations = [
        migrations.CreateModel(
            name='LineHour',
            fields=[
                ('organization_id', models.IntegerField()),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('hour', models.DateTimeField()),
                ('asked', models.IntegerField()),
                ('answered', models.IntegerField()),
                ('timeouts', models.IntegerField()),
                ('damaged', models.IntegerField()),
                ('strange', models.IntegerField()),
                ('refused', models.IntegerField()),
                ('lost', models.IntegerField()),
                ('busy_ms', models.BigIntegerField()),
                ('watched_ms', models.BigIntegerField()),
                ('buckets', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ('skews', models.IntegerField()),
                ('skew_ms', models.BigIntegerField()),
                ('skew_most_ms', models.BigIntegerField()),
                ('clock_ms', models.BigIntegerField(blank=True, null=True)),
                ('clock_at', models.DateTimeField(blank=True, null=True)),
                ('bus', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='acquisition.bus')),
                ('device', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='acquisition.device')),
            ],
            options={
                'indexes': [models.Index(fields=['organization_id', 'hour'], name='line_hour_by_time')],
                'constraints': [models.UniqueConstraint(fields=('bus', 'device', 'hour'), name='line_hour_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('asked', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('answered'), '+', models.F('timeouts')), '+', models.F('damaged')), '+', models.F('strange')), '+', models.F('refused')), '+', models.F('lost')))), name='line_hour_adds_up'), models.CheckConstraint(condition=models.Q(('buckets__len', 8)), name='line_hour_has_all_buckets')],
            },
        ),
    ]
