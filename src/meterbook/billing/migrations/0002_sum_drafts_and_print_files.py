import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0001_runs_drafts_and_bills'),
    ]

    operations = [
        migrations.AddField(
            model_name='billdraft',
            name='nets',
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddIndex(
            model_name='billdraft',
            index=models.Index(fields=['run', 'account'], include=('organization_id', 'net', 'total', 'is_estimated', 'is_vacancy'), name='bill_draft_sums'),
        ),
        migrations.AddIndex(
            model_name='bill',
            index=models.Index(fields=['organization_id', '-bill_date', '-id'], name='bill_newest'),
        ),
        migrations.CreateModel(
            name='PrintFile',
            fields=[
                ('organization_id', models.IntegerField()),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('is_everything', models.BooleanField()),
                ('requested_at', models.DateTimeField()),
                ('requested_by', models.CharField(max_length=200)),
                ('part', models.IntegerField()),
                ('parts', models.IntegerField()),
                ('bill_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('bills', models.IntegerField()),
                ('done', models.IntegerField(default=0)),
                ('file_id', models.UUIDField(blank=True, null=True)),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='print_files', to='billing.billrun')),
            ],
            options={
                'indexes': [models.Index(fields=['run', '-id'], name='print_file_newest')],
            },
        ),
    ]
