"""Damaged and hostile models, by the thousand: everything that reads one either works or raises a PackagerError."""
