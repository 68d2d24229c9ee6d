"""The call log beside the archive: which call has its recording, and which has none."""
