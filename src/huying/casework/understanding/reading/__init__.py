"""What a message says besides its kind: several matters, times, how long already."""
