"""While nobody chose to hear of alarms, administrators do; who chose so far is seen by what differs from the start.

Somebody who only kept the page of wishes as it was cannot be told from one who never did: alarms may reach such an
administrator once more, and can be refused.
"""

import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0001_channels_recipients_and_messages'),
    ]

    operations = [
        migrations.AddField(
            model_name='recipient',
            name='has_chosen',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(
            """
            UPDATE notifications_recipient SET has_chosen = TRUE
            WHERE owner_kind = 'USER' AND (alarm_severity <> 'NONE' OR kinds_off <> '{}' OR quiet_from IS NOT NULL
                OR zone <> 'UTC' OR preferred_channel <> 'MAIL')
            """,
            migrations.RunSQL.noop,
        ),
        migrations.CreateModel(
            name='AlarmDefault',
            fields=[
                ('organization_id', models.IntegerField()),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('severity', models.CharField(max_length=10)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organization_id',), name='alarm_default_once'), models.CheckConstraint(condition=models.Q(('severity__in', ['NONE', 'CRITICAL', 'WARNING', 'INFO'])), name='alarm_default_severity_known')],
            },
        ),
    ]
