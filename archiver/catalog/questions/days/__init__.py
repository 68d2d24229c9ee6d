"""Questions about portal days and their certificates, and about the runs that listed them."""
