"""What all processes know alike for a while: the table of the shared cache."""

from django.db import migrations

TABLE = """
CREATE TABLE kernel_shared (
    name varchar(250) PRIMARY KEY,
    number bigint,
    value bytea,
    ends timestamptz,
    CONSTRAINT kernel_shared_one_of CHECK ((number IS NULL) <> (value IS NULL))
);
CREATE INDEX kernel_shared_ends ON kernel_shared (ends);
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0004_replicas")]

    operations = [migrations.RunSQL(TABLE, "DROP TABLE kernel_shared")]
