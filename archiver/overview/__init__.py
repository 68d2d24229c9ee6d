"""Where an archive stands, as figures and the rules over them; no catalog is opened for it."""
