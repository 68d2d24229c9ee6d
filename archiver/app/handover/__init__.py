"""Finding, seeing and handing over what an archive has."""
