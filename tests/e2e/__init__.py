"""The whole system through its HTTP interface, in each shape in which it runs."""
