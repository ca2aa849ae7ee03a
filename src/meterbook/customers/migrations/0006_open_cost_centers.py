from django.db import migrations, models

MODES = ['POSTPAID', 'PREPAID', 'INTERNAL']


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0005_keep_defaults_of_tariffs'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='account', name='account_mode_known'),
        migrations.AddConstraint(
            model_name='account',
            constraint=models.CheckConstraint(condition=models.Q(('mode__in', MODES)), name='account_mode_known'),
        ),
    ]
