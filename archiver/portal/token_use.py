"""How the token travels: in a header, or as a parameter where a portal takes no header."""

import threading

from archiver.config.settings import Auth
from archiver.errors import TokenRefused
from archiver.secret import Secret


class TokenUse:
    """The token, and the way that it goes; with ``auto``, found out by the first answers.

    Safe to use from many threads.
    """

    def __init__(self, token: Secret, auth: Auth) -> None:
        self._token = token
        self._auth = Auth.HEADER if auth is Auth.AUTO else auth
        self._may_switch = auth is Auth.AUTO
        self._lock = threading.Lock()

    @property
    def auth(self) -> Auth:
        """How the token travels, as found out."""
        return self._auth

    def parts(self, auth: Auth) -> tuple[dict[str, str], dict[str, str]]:
        """Return the parameters and the headers that carry it one way."""
        if auth is Auth.QUERY:
            return {"access_token": self._token.reveal()}, {}
        return {}, {"Authorization": f"Bearer {self._token.reveal()}"}

    def may_go_otherwise(self, auth: Auth, refused: TokenRefused) -> bool:
        """Whether a token that was refused one way may be taken as a parameter."""
        return self._may_switch and auth is Auth.HEADER and refused.is_unauthorized

    def note_accepted(self, auth: Auth) -> None:
        """Note that it was taken that way: from now on it goes no other."""
        with self._lock:
            self._may_switch = False
            if auth is Auth.QUERY:
                self._auth = auth
