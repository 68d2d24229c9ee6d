"""What each command does, typed: a request in, a result out, a listener for what there is to say.

Nothing here prints or knows click. ``archives`` opens whatever an address names, ``connections`` a
portal and its media hosts, ``context`` the settings in force.
"""
