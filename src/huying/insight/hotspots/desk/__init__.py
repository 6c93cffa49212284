"""Staff pages of the hot issues: the board with its map, one issue, its joint case, and how heat is weighed."""
