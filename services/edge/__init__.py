"""The edge: HTTP in, gRPC out. Holds no state and decides nothing."""
