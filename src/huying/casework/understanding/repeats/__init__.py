"""Whether a matter was raised before: likeness of two messages, finding the alike, and what comes back."""
