"""Staff pages of alarms: the board, one alarm, rules with a replay of last week, tests, false-alarm rates."""
