"""What retention looks for every night is found by the day it ended; built while others go on writing."""

from typing import ClassVar

from django.db import migrations, models

from huying.kernel.indexes import BuildIndex

ENDED = models.Q(("state", "ended"))
KEPT = models.Q(("private__isnull", False), ("state__in", ["ended", "merged"]))
THERE = models.Q(("ending", "erased"), _negated=True)


def _add(model: str, name: str, fields: list[str], condition: models.Q) -> BuildIndex:
    return BuildIndex(model, models.Index(condition=condition, fields=fields, name=f"registry_{model}_{name}"))


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("registry", "0004_knowledge")]

    operations: ClassVar = [
        _add("premises", "kept", ["ended_on", "id"], KEPT),
        _add("household", "kept", ["ended_on", "id"], KEPT),
        _add("organisation", "kept", ["ended_on", "id"], KEPT),
        _add("relation", "ended", ["ended_on", "id"], ENDED),
        _add("residence", "ended", ["ended_on", "id"], ENDED),
        _add("residence", "until", ["until", "id"], models.Q(("until__isnull", False))),
        _add("careentry", "ended", ["ended_on", "id"], ENDED),
        _add("resident", "merged_into", ["merged_into"], models.Q(("merged_into__isnull", False))),
        _add("resident", "ended", ["ended_on", "id"], models.Q(("state", "ended"), THERE)),
        _add("resident", "doubles", ["id"], models.Q(("state", "merged"), THERE)),
    ]
