"""Staff pages of forms and submissions."""
