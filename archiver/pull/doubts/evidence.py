"""Why a run as a whole is doubtful, in words: evidence that belongs to no recording. Pure.

Each doubt keeps a run from being clean, whatever else came of it. It ends when its cause does, or
when a person says how to take it: a setting, or an accepted listing.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from archiver.domain.quantities import counted
from archiver.domain.recordings import Report
from archiver.domain.times.clocks import MAY_DIFFER, Clocks
from archiver.domain.times.window import Window
from archiver.portal.proving.witnesses import Witness
from archiver.portal.session import PortalSession
from archiver.pull.ledger.unlisted import Unlisted

NAMED = 3
_ROWS = {Report.RECORDINGS: "recordings", Report.CALLS: "calls"}


def of_a_cut(why: str) -> str:
    """Return the doubt of a run whose listings could not be held against the archive at its end."""
    return (
        "The run was stopped before its listings were held against the archive, and none of them "
        f"counts for settling. What stopped it: {why}"
    )


def of_clocks(clocks: Clocks) -> Iterator[str]:
    """Yield what is doubtful of two clocks that were read together."""
    if not clocks.are_doubtful:
        return
    if clocks.portal is None:
        yield (
            "The portal does not tell the time (it sends no Date), so nothing bears this machine's "
            f'clock out: {_utc(clocks.machine)}. If it is right, set clock = "machine".'
        )
        return
    apart = timedelta(seconds=round(clocks.apart.total_seconds()))
    yield (
        f"The portal's clock and this machine's are {apart} apart: {_utc(clocks.portal)} there, "
        f"{_utc(clocks.machine)} here. The earlier one is believed, and no day settles by the "
        'other. Set the one that is wrong, or say which is right: clock = "portal" or "machine".'
    )


def of_opening(session: PortalSession, last_run: datetime | None) -> Iterator[str]:
    """Yield what the portal's newest row and the archive's last run say against the clocks."""
    clocks = session.clocks
    yield from of_clocks(clocks)
    if session.too_new is not None:
        yield (
            f"The portal lists a recording of {session.too_new}, when it is {session.now} there: "
            "a clock is behind, or utc_offset is wrong. What is later is archived once it is past."
        )
    if last_run is not None and clocks.now < last_run - MAY_DIFFER:
        yield (
            f"It is {_utc(clocks.now)} now, earlier than the last run ended ({_utc(last_run)}): "
            "the clock is wrong, or was wrong then."
        )


def of_zone(session: PortalSession, windows: Iterable[Window]) -> Iterator[str]:
    """Yield what an assumed zone leaves open of windows that somebody named."""
    for window in windows:
        if session.may_go_on(window):
            yield (
                f"Nothing tells the zone of the portal's rows, and UTC is assumed: {window} may "
                'not have ended there, and more of it may come. Set utc_offset ("+00:00" if it is '
                "UTC), or pull it when it is over in every zone, 12 hours later."
            )


def of_rights(report: Report) -> str:
    """Say that a portal lists nothing of what the archive holds."""
    return (
        f"The portal lists nothing of the {_ROWS[report]} that the archive holds: the token may "
        "have lost its right to see them (or the provider has deleted them all). No empty answer "
        "is believed until it lists one again; ask the provider what the token may see."
    )


def of_the_end(report: Report) -> str:
    """Say that a portal that listed rows in this run lists none any more."""
    return (
        f"The portal listed {_ROWS[report]} in this run, and lists none at all any more: the token "
        "may have lost its right meanwhile, or used up what it may ask. What was empty may not "
        "have been. Run it again, and ask the provider if it stays so."
    )


def of_a_stop(report: Report) -> str:
    """Say that a run was stopped after empty days, before the portal could be asked again."""
    return (
        f"The last days that were listed of the {_ROWS[report]} were empty, and the run was "
        "stopped before the portal could be asked whether it lists any still. Run it again."
    )


def of_what_is_gone(count: int) -> str:
    """Say that files that the archive holds were not there when they were to be locked."""
    files = counted(count, "recording or file of calls is", "recordings or files of calls are")
    return (
        f"Of what the archive holds, {files} not there to be locked: somebody deleted that. Run "
        "`archiver verify`, and bring it back with `archiver repair`."
    )


def of_what_is_not_held(count: int, why: str) -> str:
    """Say that the bucket's legal hold could not be set on what a hold binds."""
    some = counted(count, "recording", "recordings")
    return (
        f"The bucket's legal hold could not be set on {some} that a hold binds: {why} Nothing of "
        "archiver removes what is held, but the bucket does not keep others from it."
    )


def of_what_is_untold(spans: Sequence[Window]) -> Iterator[str]:
    """Say that the portal did not answer what has come for days that are settled."""
    if spans:
        named = ", ".join(_days_of(span) for span in spans[:NAMED])
        more = f" and {len(spans) - NAMED} more spans" if len(spans) > NAMED else ""
        yield (
            f"The portal did not answer how many rows it has of {named}{more}: whether any came "
            "for these days since they were settled is not known. Run it again."
        )


def of_what_is_hidden(report: Report, shown: Sequence[Witness]) -> Iterator[str]:
    """Say that the portal shows rows it is not asked for, and does not list them when it is."""
    if shown:
        named = ", ".join(f"{each.id} of {each.at}" for each in shown[:NAMED])
        more = ", …" if len(shown) > NAMED else ""
        yield (
            f"The portal shows {counted(len(shown), report.value[:-1])} on its first page, or with "
            f"another day, that it does not list when it is asked for their own: {named}{more}. "
            "Ask the provider why."
        )


def of_first_page(session: PortalSession) -> Iterator[str]:
    """Say that there may be more without a date than the first page shows, if it can be read."""
    page = session.page
    if not session.is_of_first_page:
        yield (
            "The portal's first page of recordings can't be read: whether it shows any without a "
            "date, which no question finds, is not known. Ask the provider to mend it."
        )
    elif page.rows and not page.is_all and all(row.at is None for row in page.rows):
        yield (
            "All recordings on the portal's first page are without a date that can be read: there "
            "may be more of them behind it, which no question finds. Ask the provider for dates."
        )


def of_silence(calls: int) -> str:
    """Say that no recording is listed though there are calls with audio."""
    say = counted(calls, "call says", "calls say")
    return (
        f"The portal lists no recording of these days, though {say} "
        "that there is audio: the token may have lost its right to see recordings."
    )


def words_of(lost: Unlisted) -> str:
    """Say what is listed no more."""
    more = ", …" if lost.count > len(lost.sample) else ""
    rows = _ROWS[lost.report]
    one = f"held {rows[:-1]} is not in the listing any more, and stays held"
    several = f"held {rows} are not in the listing any more, and stay held"
    return f"{counted(lost.count, one, several)}: {', '.join(lost.sample)}{more}"


def of_unlisted(lost: Unlisted) -> Iterator[str]:
    """Yield what rows that are listed no more say of days that are still due."""
    if lost.unsettled:
        yield (
            f"Of {days_named(lost.unsettled)}, {_ROWS[lost.report]} are missing that were listed "
            "before: somebody deleted them, or the token has lost a part of its right. These days "
            "stay due until they are listed again, or accepted: archiver accept --listing DATE "
            "--reason TEXT."
        )


def _days_of(span: Window) -> str:
    first, last = span.first.date(), span.last.date()
    return f"{first}" if first == last else f"{first} to {last}"


def days_named(days: Sequence[date]) -> str:
    """Return the first few of some days, and how many more there are."""
    more = f" and {len(days) - NAMED} more days" if len(days) > NAMED else ""
    return ", ".join(map(str, days[:NAMED])) + more


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
