"""The sample fleet of `economy demo`: usage events that a program makes up, and marks as such."""
