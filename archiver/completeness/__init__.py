"""Whether a day is all there: its calls, its recordings and the archive, added up."""
