from django.db import migrations, models

KINDS = ['BILL', 'CREDIT_NOTE', 'RECEIPT', 'REFUND', 'PRINT', 'CHARGE_BACK']
REGISTERED = ['BILL', 'CREDIT_NOTE', 'RECEIPT', 'REFUND', 'CHARGE_BACK']


class Migration(migrations.Migration):

    dependencies = [
        ('documents', '0005_sign_and_verify'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='issuedfile', name='issued_file_kind_known'),
        migrations.RemoveConstraint(model_name='issueddocument', name='issued_document_kind_known'),
        migrations.AddConstraint(
            model_name='issuedfile',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', KINDS)), name='issued_file_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='issueddocument',
            constraint=models.CheckConstraint(
                condition=models.Q(('kind__in', REGISTERED)), name='issued_document_kind_known'
            ),
        ),
    ]
