"""Records written before it was noted whether there is a number to call are to be looked at; the work is a job's."""

from typing import Any, ClassVar

from django.db import migrations, models

_NOTED = {"person": "Resident", "premises": "Premises", "organisation": "Organisation", "relation": "Relation"}


def lay_aside(apps: Any, _editor: Any) -> None:
    """A place that begins with this version has nothing to look at."""
    kinds = [kind for kind, model in _NOTED.items() if apps.get_model("registry", model).objects.exists()]
    backlog = apps.get_model("registry", "Backlog")
    backlog.objects.bulk_create([backlog(kind=kind) for kind in kinds])


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0006_withheld")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Backlog",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=24, unique=True)),
                ("after", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.RunPython(lay_aside, migrations.RunPython.noop),
    ]
