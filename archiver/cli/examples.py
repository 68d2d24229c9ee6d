"""Worked examples: what every ``--help`` ends with. A test holds each to what its command takes."""


def examples(*worked: tuple[str, str]) -> str:
    """Return a command's epilog: command lines without their ``archiver``, and what each does."""
    lines = [f"  archiver {call}\n      {meaning}" for call, meaning in worked]
    return "\b\nExamples:\n" + "\n".join(lines)
