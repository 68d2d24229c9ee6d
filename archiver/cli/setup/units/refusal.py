"""What no unit can hold. Pure."""

from archiver.errors import UsageError


def refuse(text: str, characters: str, where: str) -> None:
    """Raise :class:`UsageError` when ``text`` holds a character that ``where`` can't."""
    for character in characters:
        if character in text:
            raise UsageError(
                f"{text} holds a {character}, which can't stand in {where}.",
                advice="Give it another name, or use another kind of schedule.",
            )
