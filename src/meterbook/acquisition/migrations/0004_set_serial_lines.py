"""A bus may be a serial port, or RTU within TCP; how the line is set, and the pause between two exchanges."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("acquisition", "0003_keep_test_reads")]

    operations = [
        migrations.RemoveConstraint(
            model_name="bus",
            name="bus_protocol_known",
        ),
        migrations.RemoveConstraint(
            model_name="bus",
            name="bus_port_possible",
        ),
        migrations.AddField(
            model_name="bus",
            name="baud",
            field=models.IntegerField(db_default=9600, default=9600),
        ),
        migrations.AddField(
            model_name="bus",
            name="parity",
            field=models.CharField(db_default="N", default="N", max_length=1),
        ),
        migrations.AddField(
            model_name="bus",
            name="pause_ms",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="bus",
            name="stop_bits",
            field=models.SmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(("protocol__in", ["MODBUS_TCP", "MODBUS_RTU_TCP", "MODBUS_SERIAL"])),
                name="bus_protocol_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("port__range", (1, 65535)), models.Q(("port", 0), ("protocol", "MODBUS_SERIAL")), _connector="OR"
                ),
                name="bus_port_possible",
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(("baud__in", (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200))),
                name="bus_baud_possible",
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(("parity__in", ["N", "E", "O"])), name="bus_parity_possible"
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(("stop_bits__in", (1, 2))), name="bus_stop_bits_possible"
            ),
        ),
        migrations.AddConstraint(
            model_name="bus",
            constraint=models.CheckConstraint(
                condition=models.Q(("pause_ms__range", (0, 5000))), name="bus_pause_possible"
            ),
        ),
    ]
