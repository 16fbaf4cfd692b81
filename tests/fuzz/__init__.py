"""Whatever reads what strangers send: it takes it or raises its own documented error, and soon.

Inputs that once did something else stay as explicit examples. `make fuzz` runs more examples of everything here and of
`tests/e2e/fuzz`; PUSHWARD_FUZZ_EXAMPLES says how many.
"""
