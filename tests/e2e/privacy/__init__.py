"""What is nowhere in the clear, and what nobody can read any more."""
