"""`pushward audit replay` on the log of a system that runs no more."""
