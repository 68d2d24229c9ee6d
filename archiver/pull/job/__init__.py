"""The parts of the job of a recording: its link, download, judgement, and what is stored of it."""
