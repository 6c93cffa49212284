"""Running an instance: its PostgreSQL, its web server, its workers, and the supervisor that keeps them up."""
