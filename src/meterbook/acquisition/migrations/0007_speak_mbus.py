"""A bus may speak M-Bus; a meter on it may have a secondary address; a test read knows what is spoken at its place."""

from django.db import migrations, models

PROTOCOLS = ["MODBUS_TCP", "MODBUS_RTU_TCP", "MODBUS_SERIAL", "MBUS_TCP", "MBUS_SERIAL"]
BAUDS = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)


class Migration(migrations.Migration):
    dependencies = [("acquisition", "0006_search_addresses")]

    operations = [
        migrations.RemoveConstraint("bus", "bus_protocol_known"),
        migrations.RemoveConstraint("bus", "bus_port_possible"),
        migrations.RemoveConstraint("bus", "bus_baud_possible"),
        migrations.RemoveConstraint("device", "device_unit_once_a_bus"),
        migrations.RemoveConstraint("device", "device_unit_possible"),
        migrations.RemoveConstraint("probe", "probe_port_possible"),
        migrations.RemoveConstraint("probe", "probe_unit_possible"),
        migrations.AddField(
            "device", "secondary", models.CharField(blank=True, db_default="", default="", max_length=16)
        ),
        migrations.AddField(
            "probe", "protocol", models.CharField(db_default="MODBUS_TCP", default="MODBUS_TCP", max_length=20)
        ),
        migrations.AddField("probe", "line", models.JSONField(db_default={}, default=dict)),
        migrations.AddField(
            "probe", "secondary", models.CharField(blank=True, db_default="", default="", max_length=16)
        ),
        migrations.AddConstraint(
            "bus", models.CheckConstraint(condition=models.Q(protocol__in=PROTOCOLS), name="bus_protocol_known")
        ),
        migrations.AddConstraint(
            "bus",
            models.CheckConstraint(
                condition=models.Q(
                    ("port__range", (1, 65535)),
                    models.Q(("port", 0), ("protocol__endswith", "SERIAL")),
                    _connector="OR",
                ),
                name="bus_port_possible",
            ),
        ),
        migrations.AddConstraint(
            "bus", models.CheckConstraint(condition=models.Q(baud__in=BAUDS), name="bus_baud_possible")
        ),
        migrations.AddConstraint(
            "device",
            models.UniqueConstraint(
                condition=models.Q(is_enabled=True),
                fields=("bus", "unit_id", "secondary"),
                name="device_unit_once_a_bus",
            ),
        ),
        migrations.AddConstraint(
            "device",
            models.CheckConstraint(
                condition=models.Q(
                    ("secondary", ""), ("unit_id__range", (0, 250))
                )
                | models.Q(unit_id=253) & models.Q(("secondary", ""), _negated=True),
                name="device_unit_possible",
            ),
        ),
        migrations.AddConstraint(
            "probe", models.CheckConstraint(condition=models.Q(port__range=(0, 65_535)), name="probe_port_possible")
        ),
        migrations.AddConstraint(
            "probe", models.CheckConstraint(condition=models.Q(unit_id__range=(0, 253)), name="probe_unit_possible")
        ),
    ]
