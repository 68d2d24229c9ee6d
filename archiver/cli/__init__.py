"""The commands: options become a request to a use case of ``app``, and its result becomes words."""
