"""Working for accounts, one after the other; one that fails doesn't stop the others."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from archiver.app.opening.context import Context
from archiver.cli import endings
from archiver.cli.screen.console import print_document, speaking_of
from archiver.cli.screen.redaction import naming
from archiver.errors import ExitCode, gravest, message_of


class AccountEnd(Struct, frozen=True):
    """How work ended, and what ``--json`` prints of it beside that."""

    code: ExitCode
    document: Mapping[str, Any] = field(default_factory=dict)

    def printed(self, *, as_json: bool) -> ExitCode:
        """Return the exit code, after printing the document where it was asked for."""
        if as_json:
            print_document(self.document, self.code, indent=2)
        return self.code


Work = Callable[[Context], AccountEnd]


def work_through(contexts: Sequence[Context], work: Work) -> AccountEnd:
    """Work for each account, naming it in every line, and return what it all came to.

    Errors are told as they come, and the gravest exit code is that of all. Where no accounts are
    set up there is one context without a name, whose errors are raised.
    """
    if any(context.account is None for context in contexts):
        (context,) = contexts
        return work(context)
    ended = {str(context.account): _kept_apart(context, work) for context in contexts}
    documents = {
        name: {**each.document, "exit_code": each.code.value} for name, each in ended.items()
    }
    return AccountEnd(gravest(each.code for each in ended.values()), {"accounts": documents})


def _kept_apart(context: Context, work: Work) -> AccountEnd:
    """Work for one account; whatever goes wrong with it is told, and no more."""
    name = str(context.account)
    with speaking_of(name), naming(name):
        try:
            return work(context)
        except BrokenPipeError:  # nobody reads on, whichever account it is
            raise
        except Exception as error:  # noqa: BLE001  # a bug that one account meets is not the others'
            code = endings.tell(error)
            return AccountEnd(code, {"message": message_of(error)})
