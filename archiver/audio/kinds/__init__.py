"""The kinds of audio that are no bare MPEG frames, a module each: what is there is measured."""
