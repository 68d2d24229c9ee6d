"""The window that a command line names, and a window as ``--json`` has it."""

from typing import TYPE_CHECKING, Any

from archiver.errors import UsageError

if TYPE_CHECKING:
    from archiver.run.opening import Opening
    from archiver.windows import Window


def need_window(options: dict[str, Any], of_what: str) -> None:
    """Refuse a command line that names no window: all there ever was is nobody's default."""
    if not (options["day"] or options["since"]):
        raise UsageError(
            f"Which {of_what}? No window is named.",
            advice="Give --day DATE, or --since TIME [--until TIME].",
        )


def window_of(options: dict[str, Any], opening: "Opening") -> "Window":
    """Return the window that the options name, in the portal's time."""
    from archiver import times

    return times.window(
        options["since"],
        options["until"],
        options["day"],
        now=opening.now,
        offset=opening.offset.minutes,
    )


def span(window: "Window") -> dict[str, str]:
    """Return a window as JSON has it, in the portal's own time."""
    return {"from": window.first.isoformat(), "to": window.last.isoformat()}
