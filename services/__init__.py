"""One package per service; they never import each other, they call each other through the generated gRPC stubs."""
