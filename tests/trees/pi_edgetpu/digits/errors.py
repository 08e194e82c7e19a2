"""What this package raises."""


class InputError(ValueError):
    """What was given cannot be read, or does not fit the model."""


class InstallationError(RuntimeError):
    """A file of this package, or LiteRT, is missing or damaged."""


def damaged(name: str, why: str) -> InstallationError:
    """The error for a file of this package."""
    return InstallationError(f"{name} of this package {why}: install it again")
