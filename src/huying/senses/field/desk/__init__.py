"""Staff pages of field work: the supervisors' board, tasks, plans, rounds, checks."""
