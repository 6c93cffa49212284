"""Indexes built and dropped while others go on writing, by migrations that may be cut off anywhere and simply run again.

A build that is cut off leaves an invalid index of its name, and a migration without a transaction leaves what it had built:
both would stop Django's own operation at ``relation already exists``.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently


class BuildIndex(AddIndexConcurrently):
    """Build an index concurrently, in the place of whatever index has its name. Only where ``atomic = False``."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """What stands there may be invalid, or another: it goes first, waiting for nobody but its users."""
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, self.index, concurrently=True)  # DROP INDEX CONCURRENTLY IF EXISTS
        super().database_forwards(app_label, schema_editor, from_state, to_state)


class DropIndex(RemoveIndexConcurrently):
    """Drop an index concurrently where there is one; turned back, it is built as ``BuildIndex`` builds."""

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        state = to_state.models[app_label, self.model_name_lower]
        BuildIndex(self.model_name, state.get_index_by_name(self.name)).database_forwards(
            app_label, schema_editor, from_state, to_state
        )
