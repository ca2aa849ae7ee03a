from django.db import migrations, models

KINDS = ['BILL', 'CREDIT_NOTE', 'RECEIPT', 'REFUND', 'PRINT']


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0001_number_series_and_issued_files'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='issuedfile', name='issued_file_kind_known'),
        migrations.RemoveConstraint(model_name='numberseries', name='number_series_kind_known'),
        migrations.AddConstraint(
            model_name='issuedfile',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', KINDS)), name='issued_file_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='numberseries',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', KINDS)), name='number_series_kind_known'),
        ),
    ]
