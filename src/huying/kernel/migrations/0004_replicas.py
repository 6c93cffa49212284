from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION kernel_stamp_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;

CREATE FUNCTION kernel_depart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.area = OLD.area THEN
        RETURN NULL;
    END IF;
    INSERT INTO kernel_departure (kind, uid, area, changed)
        VALUES (TG_ARGV[0], OLD.uid, OLD.area, pg_current_xact_id()::text::bigint);
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_guards")]

    operations = [
        migrations.CreateModel(
            name="Departure",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("uid", models.UUIDField()),
                ("area", models.CharField(max_length=17)),
                ("changed", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["changed", "id"], name="kernel_departure_since")],
            },
        ),
        migrations.CreateModel(
            name="ReplicaHome",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("cluster", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="kernel_replicahome_single"),
                ],
            },
        ),
        migrations.RunSQL(
            "INSERT INTO kernel_replicahome (id, cluster) SELECT 1, system_identifier FROM pg_control_system()",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(FUNCTIONS, "DROP FUNCTION kernel_stamp_change(); DROP FUNCTION kernel_depart();"),
    ]
