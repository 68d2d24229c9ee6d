"""How a hand-over is wrapped: where its files lie, and which lists of hashes fix them. Pure."""

from msgspec import Struct

from archiver.domain.export_form import ExportForm


class Wrapping(Struct, frozen=True):
    """Where things lie in a hand-over of one form.

    ``payload`` is the folder of what is handed over, empty or with its slash. ``sums`` is the list
    of its hashes, and the hash of ``seal`` fixes every byte of the hand-over.
    """

    payload: str
    sums: str
    seal: str

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists of hashes, in the order in which they are to be checked."""
        return tuple(dict.fromkeys((self.seal, self.sums)))


_PLAIN = Wrapping("", "SHA256SUMS", "SHA256SUMS")
_WRAPPINGS = {
    ExportForm.FOLDER: _PLAIN,
    ExportForm.ZIP: _PLAIN,
    ExportForm.BAG: Wrapping("data/", "manifest-sha256.txt", "tagmanifest-sha256.txt"),
}


def wrapping_of(form: ExportForm) -> Wrapping:
    """Return how a form is laid out."""
    return _WRAPPINGS[form]


def sums_line(sha256: str, path: str) -> bytes:
    """Return a line of a list of hashes, as ``sha256sum`` writes and reads it.

    BagIt 1.0 (RFC 8493, 2.1.3) asks for just that form.
    """
    return f"{sha256}  {path}\n".encode()
