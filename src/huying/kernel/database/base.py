"""The backend named by ``ENGINE``; Django asks for a module of this name."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    connection: Any

    def get_connection_params(self) -> dict[str, Any]:
        """What is planned once a connection (``gathering.often``) is not planned again for every value."""
        params: dict[str, Any] = super().get_connection_params()
        return {**params, "options": f"{params.get('options', '')} -c plan_cache_mode=force_generic_plan".strip()}

    def is_usable(self) -> bool:
        """Whether a kept connection still lives, asked at the start of every request: most often without a trip.

        PostgreSQL takes its leave on the socket when it ends a connection. If there is nothing to read, it has said
        nothing and is taken to be there; if there is, a question settles it.
        """
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
        if not waiting.poll(0):
            return True
        usable: bool = super().is_usable()
        return usable
