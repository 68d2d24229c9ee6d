"""What each command does, typed: a request in, a result out, a listener for what there is to say.

Nothing here prints or knows click. ``opening`` has what commands open: the settings in force,
whatever an address names, a portal and its media hosts. ``pulling`` has what only a pull needs.
"""
