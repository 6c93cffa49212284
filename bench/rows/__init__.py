"""What questions are asked about: the fictional district, its voices, and as many cases as wanted."""
