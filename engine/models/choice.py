"""Which networks may do a task: the catalogue and the licence setting decide, and nothing needs to be loaded for it."""

from __future__ import annotations

from engine.errors import UsageError
from engine.models.catalogue import NETWORKS, Network, Task, allowed

# Matting networks that a user brings and asks for by name; `auto` uses them where routes.TRUSTED says that it may.
ON_REQUEST: tuple[str, ...] = ("bshm",)

# For each task the networks that can do it: the first detector is the one that is believed first (people/find), which
# matting network treats whom is decided by the table in routes.
PREFERENCE: dict[Task, tuple[str, ...]] = {
    "people": ("centernet", "nanodet"),
    "matte": ("modnet", "rvm", "u2netp"),
    "upscale": ("span",),
}


def usable(task: Task, licences: str) -> tuple[Network, ...]:
    """The networks for a task that settings.licences allows, in the order of PREFERENCE."""
    return tuple(NETWORKS[name] for name in PREFERENCE[task] if allowed(NETWORKS[name], licences))


def named(licences: str) -> tuple[Network, ...]:
    """The matting networks that a request may name."""
    brought = tuple(NETWORKS[name] for name in ON_REQUEST if allowed(NETWORKS[name], licences))
    return (*usable("matte", licences), *brought)


def matting(name: str, licences: str) -> tuple[Network, ...]:
    """The matting networks for a request: "auto", all that may be used, or one that a user named.

    Raises UsageError where it is unknown, and where the licence setting forbids it.
    """
    if name == "auto":
        return usable("matte", licences)
    names = [each.name for each in named(licences)]
    if name in names:
        return (NETWORKS[name],)
    if name in (*PREFERENCE["matte"], *ON_REQUEST):
        raise UsageError(
            f"network '{name}' may not be used",
            f"its licence is {NETWORKS[name].licence} and the config file says 'licences: {licences}'",
            f"Name another ({', '.join(names)}), or set 'licences: all'",
        )
    raise UsageError(f"'{name}': no such matting network", f"there are auto, {', '.join(names)}")
