"""What a hand-over of recordings is made as."""

from enum import StrEnum


class ExportForm(StrEnum):
    """What is made: a folder, a zip file, or a BagIt bag."""

    FOLDER = "folder"
    ZIP = "zip"
    BAG = "bag"
