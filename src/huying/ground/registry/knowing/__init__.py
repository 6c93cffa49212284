"""底数掌握: how well each grid is known. Which points count is data (``points``), how each is measured is here (``measures``)."""
