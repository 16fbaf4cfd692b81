"""The quickstarts hold: each is followed to its end on a system as `make run` serves it."""
