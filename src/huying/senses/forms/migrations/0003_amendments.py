from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("forms", "0002_guards")]

    operations = [
        migrations.AddField("submissionrevision", "op", models.UUIDField(editable=False, null=True)),
        migrations.AddConstraint(
            "submissionrevision",
            models.UniqueConstraint(
                fields=["op"], name="submission_revision_once", condition=models.Q(("op__isnull", False))
            ),
        ),
        migrations.AddIndex("submission", models.Index(fields=["received_at"], name="submission_by_arrival")),
        migrations.AddIndex(
            "submission",
            models.Index(models.F("id").desc(), name="submission_amended", condition=models.Q(("state", "amended"))),
        ),
    ]
