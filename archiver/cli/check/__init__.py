"""The commands that look at an archive, and settle or mend what was found."""
