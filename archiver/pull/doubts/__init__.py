"""Why a run as a whole is not to be believed."""
