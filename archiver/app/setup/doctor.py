"""Checking the settings, this machine, the portal and the archive's place, in that order."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from archiver.app.disposing.rules import check_rules
from archiver.app.opening.archive import archives, stores
from archiver.app.opening.archive.journals import memory_of
from archiver.app.opening.archive.workroom import require_keeping, require_usable_memory
from archiver.app.opening.context import Context
from archiver.app.opening.portal.portals import connect
from archiver.app.pulling.notify_run import pings_of
from archiver.app.pulling.scope import no_start_date
from archiver.config import token
from archiver.doctor.checkup import LOCAL, REMOTE, Doctor, check_metrics, check_ping, check_rate
from archiver.domain.checks import Check, CheckStatus, not_run
from archiver.errors import ArchiverError, UsageError
from archiver.notify import metrics


def unusable(error: UsageError) -> Iterator[Check]:
    """Yield the checks of settings that can't be used: the first has failed, the others rest."""
    yield Check.fail("settings", error)
    yield from not_run((*LOCAL[1:], *REMOTE), "The settings can't be used.")


def doctor(context: Context, *, has_begun: bool = True) -> Iterator[Check]:
    """Yield every check of these settings: this machine first, then what lies beyond it.

    Each is made as it is asked for; what goes wrong is in it. Keeps nothing. Where the
    archive ``has_begun``, that it is not there keeps the check-up from ending with 0.
    """
    with ExitStack() as stack:
        try:
            check_rules(context.settings)
            connected = stack.enter_context(connect(context))
        except UsageError as error:
            yield from unusable(error)
            return
        yield _settings(context)
        yield check_rate(context.settings.network.rate)
        yield from _archive(context, has_begun=has_begun)
        yield from _watchers(context)
        portal = Doctor(connected.client, connected.media, context.settings)
        yield from portal.examine()


def _settings(context: Context) -> Check:
    found = f"They are in order; the token is {token.where(context.settings.portal.token)}."
    if context.settings.portal.in_the_clear:
        advice = "The endpoint is http, so the token travels unencrypted: use https."
        return Check.warn("settings", found, advice)
    return Check.ok("settings", found)


def _archive(context: Context, *, has_begun: bool) -> Iterator[Check]:
    if context.settings.archive is None:
        found = "None is named: give --archive to check its place."
        yield from not_run(("archive", "start", "memory"), found)
        return
    lies = stores.site(context)

    def see() -> None:
        lies.require_there()
        archives.see_archive(context)

    has_failed = False
    for check in lies.checks(see, partial(_elsewhere, context)):
        has_failed |= check.state is CheckStatus.FAIL
        yield check
    if has_failed:
        yield from not_run(("start", "memory"), "The check of the archive failed.")
    else:
        yield _start(context, has_begun=has_begun)
        yield _memory(context)


def _start(context: Context, *, has_begun: bool) -> Check:
    """Say from which day on all is due. Where nobody has said so, each plain pull ends with 2.

    Whoever names days needs no such day, but an archive: its path may be mistyped, or not mounted.
    """
    try:
        archives.require_archive(context)
        day = archives.start_day(context)
    except UsageError as error:
        if has_begun:
            return Check.unbegun("start", error)
        return Check.warn("start", error.message, error.advice)
    except ArchiverError as error:
        return Check.fail("start", error)
    if day is None:
        unnamed = no_start_date(datetime.now(UTC).date())
        return Check.warn("start", unnamed.message, unnamed.advice)
    return Check.ok("start", f"All is due from {day} on.")


def _memory(context: Context) -> Check:
    """Say whether a chain that is set back would be noticed; a run goes on where it is not."""
    path = memory_of(context).path
    try:
        require_usable_memory(path)
    except ArchiverError as error:
        found = f"{error.message} A chain that is set back is not noticed from here."
        return Check.warn("memory", found, error.advice)
    try:
        if state := stores.site(context).state:
            require_keeping(state)
    except ArchiverError as error:
        found = f"{error.message} An archive that is gone or not mounted is not noticed from here."
        return Check.warn("memory", found, error.advice)
    return Check.ok("memory", f"The newest head that a run sees is remembered in {path}.")


def _elsewhere(context: Context) -> str:
    """Say where the catalog is kept, if not beside the archive, and why."""
    folder, why = archives.catalog_place(context)
    return f"{why} The catalog is kept in {folder}." if why else ""


def _watchers(context: Context) -> Iterator[Check]:
    """Check that those who are to hear of each run can be told."""
    try:
        pings = pings_of(context)
        yield check_ping(pings.host if pings else "", pings.trial() if pings else "")
    except UsageError as error:
        yield Check.fail("ping", error)
    yield check_metrics(context.settings.notify.metrics, metrics.trial)
