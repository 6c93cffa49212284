"""Django's PostgreSQL backend with a cheaper way to tell that a kept connection still lives."""
