"""What the edge serves, as its wiring says: for tests that must not leave an operation out."""

from services.edge.app.operation import Operation


def name_of(operation: Operation) -> str:
    """Method and path."""
    return f"{operation.method} {operation.path}"
