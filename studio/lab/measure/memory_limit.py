"""A limit for a process's own memory, enforced by the system. Imports no torch."""

from __future__ import annotations


def limit_data(amount: int) -> tuple[int, str]:
    """Limits this process's own memory to `amount` bytes; mapped files are not counted in that. What exceeds it raises MemoryError.

    RLIMIT_DATA counts memory when it is reserved, used or not. A control group would count the files' pages as well, but making one
    is up to whoever runs the machine.

    Returns:
        The limit, and by what it is enforced; 0 and "" where the system has no such limit.
    """
    try:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (amount, hard))
    except (ImportError, AttributeError, ValueError, OSError):
        return 0, ""
    return amount, "setrlimit(RLIMIT_DATA)"
