"""A program like the real one with one more kind of operation, whose doing shows in the trace."""
