"""The command line way in: one module per group of commands."""
