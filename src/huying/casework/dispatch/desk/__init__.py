"""The staff screens of dispatch: the queue, what must be decided, checks, dry runs, policies, and forms on a case's page."""
