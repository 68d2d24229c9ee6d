"""Several accounts in one settings file: each by itself, and none in the way of another."""

import itertools
import json
import re
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from unittest import mock

import pytest
from msgspec import Struct

from archiver.app.opening import context as configuration
from archiver.app.opening.context import SettingsRequest
from archiver.app.pulling import start_date
from archiver.cli.download import pull
from archiver.errors import DestinationError, ExitCode, UsageError, gravest
from archiver.manifest.journal import Journal
from archiver.portal.session import open_session
from archiver.pull.ledger.ledger import Ledger
from archiver.sandbox import Encoding, Sandbox, World
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN, Desk, Ran
from tests.cli.test_json_documents import fits
from tests.conftest import Figure
from tests.pings import Check
from tests.pulls import DAY, not_ignored

WINDOW = ("--day", f"{DAY:%Y-%m-%d}")
LAST = DAY + timedelta(hours=9)
"""Of rows that are hours apart, a portal is asked less for what its clocks show."""
NAMES = ("north", "south")
TOKENS = {"north": TOKEN, "south": f"{TOKEN}-south"}


class Office(Struct):
    """A person with two accounts at one portal, ``north`` and ``south``."""

    desk: Desk
    home: Path

    @property
    def file(self) -> Path:
        return self.home / ".config" / "archiver" / "archiver.toml"

    def set_up(self, common: str = "", north: str = "", south: str = "") -> None:
        """Write the settings, each account with a token and an archive of its own."""
        tables = [common]
        for name, more in zip(NAMES, (north, south), strict=True):
            self.desk.environ[f"{name}_token"] = TOKENS[name]
            own = f'token_command = "printenv {name}_token"\narchive = "{self.home / name}"'
            tables.append(f"[account.{name}]\n{own}\n{more}")
        self.write("\n".join(tables))

    def write(self, text: str) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(text)
        self.file.chmod(0o600)

    def refuse(self, name: str) -> None:
        """Let the account have a token that the portal doesn't take."""
        self.desk.environ[f"{name}_token"] = "revoked"

    def pull(self, *words: str) -> Ran:
        return self.desk.run("pull", *WINDOW, *words)

    def held(self, name: str) -> int:
        """Return how many recordings the chain of an account's archive names."""
        if not (self.home / name).exists():
            return 0
        manifests = Journal(LocalStore(self.home / name)).manifests()
        return sum(len(manifest.recordings) for _, manifest in manifests)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    world = World(seed=5)
    world.add(count=2, first=DAY, last=LAST, kinds=(Encoding.BARE,), seconds=(1, 2))
    with Sandbox(world, token=TOKEN, more_tokens=TOKENS.values()) as sandbox:
        office = Office(Desk(sandbox, tmp_path, {"ARCHIVER_TOKEN": ""}), tmp_path)
        office.set_up()
        yield office


def spoken_of(ran: Ran) -> list[str]:
    """Return the account that each run of lines names; every line must name one."""
    names = [line.partition(": ")[0] for line in ran.err.splitlines()]
    return [name for name, _ in itertools.groupby(names)]


def test_each_account_is_archived_in_its_own_place(office: Office, root: Path) -> None:
    ran = office.pull("--json")
    assert (ran.code, spoken_of(ran)) == (0, ["north", "south"])
    assert (office.held("north"), office.held("south")) == (2, 2)
    told = json.loads(ran.out)
    fits(root, "pull", told)
    assert [told["accounts"][name]["outcomes"]["archived"] for name in NAMES] == [2, 2]


def test_one_whose_token_is_refused_does_not_stop_the_other(office: Office, root: Path) -> None:
    office.refuse("north")
    ran = office.pull("--json")
    assert (ran.code, spoken_of(ran)) == (ExitCode.STOPPED, ["north", "south"])
    assert "north: archiver: The portal refused the token" in ran.err
    assert (office.held("north"), office.held("south")) == (0, 2)
    told = json.loads(ran.out)
    fits(root, "pull", told)
    assert told["accounts"]["north"]["exit_code"] == ExitCode.STOPPED
    assert told["accounts"]["south"]["clean"]
    assert office.desk.leaks() == []


def test_one_that_meets_a_bug_does_not_stop_the_other(office: Office) -> None:
    first = [KeyError("447700900123")]

    def open_or_fail(*arguments: object) -> object:
        if first:
            raise first.pop()
        return open_session(*arguments)  # type: ignore[arg-type]  # as the pull gives them

    with mock.patch.object(start_date, "open_session", open_or_fail):
        ran = office.pull()
    assert (ran.code, spoken_of(ran)) == (ExitCode.BUG, ["north", "south"])
    assert "north: This is a bug in archiver." in ran.err
    assert (office.held("north"), office.held("south")) == (0, 2)


def test_who_asks_while_an_account_ends_keeps_the_next_from_beginning(
    office: Office, figure: Figure
) -> None:
    """The last manifest is written whoever asks; what was asked holds for the accounts behind."""
    end = Ledger.end

    def asked_meanwhile(ledger: Ledger, *, interrupted: bool) -> object:
        signal.raise_signal(signal.SIGTERM)
        return end(ledger, interrupted=interrupted)

    with not_ignored(signal.SIGTERM), mock.patch.object(Ledger, "end", asked_meanwhile):
        ran = office.pull()
    assert (ran.code, office.held("north"), office.held("south")) == (130, 2, 0), ran.err
    assert "south" not in ran.err
    figure("D7", "SIGTERM while an account's last manifest is written: exit 130, next one begun 0")


def test_one_without_a_token_does_not_stop_the_other(office: Office) -> None:
    office.desk.environ["north_token"] = ""
    ran = office.pull("-q")
    assert (ran.code, spoken_of(ran)) == (ExitCode.USAGE, ["north"])
    assert office.held("south") == 2


def test_the_gravest_code_is_that_of_all() -> None:
    ordered = [1, 2, 4, 5, 3, 0]
    for one, other in itertools.combinations(map(ExitCode, ordered), 2):
        assert gravest([one, other]) is gravest([other, one]) is one
    assert gravest([]) is ExitCode.CLEAN


def test_accounts_are_chosen_by_name(office: Office) -> None:
    assert spoken_of(office.pull("--account", "south")) == ["south"]
    assert (office.held("north"), office.held("south")) == (0, 2)
    assert spoken_of(office.pull("--account", "south", "--account", "north")) == [*NAMES]
    ran = office.pull("--account", "west")
    assert ran.code == ExitCode.USAGE
    assert "--account: there is no such account; there are: north, south" in ran.err


def test_a_shard_is_some_of_the_accounts(office: Office) -> None:
    pulled = [spoken_of(office.pull("--shard", f"{index}/3")) for index in range(3)]
    assert sorted(itertools.chain(*pulled)) == ["No account is of shard 0/3", *NAMES]
    assert (office.held("north"), office.held("south")) == (2, 2)
    assert "must be such as 0/3" in office.pull("--shard", "3/3").err


def test_an_account_that_is_named_and_of_another_shard_is_refused(office: Office) -> None:
    """Who names an account is not told that all is well where nothing is done for it."""
    pulled = [office.pull("--account", "north", "--shard", f"{index}/2") for index in range(2)]
    assert sorted(ran.code for ran in pulled) == [0, ExitCode.USAGE]
    (refused,) = (ran for ran in pulled if ran.code)
    assert "No account that --account names is of shard " in refused.err
    assert (office.held("north"), office.held("south")) == (2, 0)


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("get", "1"),
        ("doctor", "--policy"),
        ("reconcile", "--day", "today"),
        ("repair",),
        ("accept", "1", "--reason", "heard"),
        ("config", "show"),
    ],
)
def test_other_commands_are_for_one_account(office: Office, words: tuple[str, ...]) -> None:
    ran = office.desk.run(*words)
    assert (ran.code, ran.out) == (ExitCode.USAGE, "")
    assert "There are several accounts: north, south.\nChoose with --account.\n" in ran.err
    chosen = office.desk.run(*words, "--account", "north")
    assert "several accounts" not in chosen.err


@pytest.mark.parametrize("command", ["verify", "doctor"])
def test_what_only_looks_looks_at_all_accounts(
    office: Office, root: Path, command: str, figure: Figure
) -> None:
    office.pull("-q")
    ran = office.desk.run(command)
    names = [line.partition(": ")[0] for line in ran.out.splitlines()]
    assert [name for name, _ in itertools.groupby(names)] == ["north", "south"]
    assert ran.code == 0, ran.out
    told = json.loads(office.desk.run(command, "--json").out)
    fits(root, command, told)
    assert [*told["accounts"]] == ["north", "south"]
    office.refuse("north")
    next((office.home / "south" / "recordings").rglob("*.mp3")).unlink()
    assert office.desk.run(command).code != ExitCode.CLEAN
    chosen = office.desk.run(command, "--account", "south").code
    assert chosen == {"verify": ExitCode.FINDINGS, "doctor": ExitCode.CLEAN}[command]
    figure("R17", f"{command}: 2 accounts, each named, the gravest code counts")


def test_a_head_is_of_one_archive(office: Office) -> None:
    office.pull("-q")
    ran = office.desk.run("verify", "--head", f"1:{'0' * 64}")
    assert ran.code == ExitCode.USAGE
    assert "--head is of one archive" in ran.err


def test_the_settings_of_an_account_lie_over_those_for_all(office: Office) -> None:
    office.set_up("rate = 1\nworkers = 2", south="workers = 3")
    office.desk.environ["ARCHIVER_RATE"] = ""
    ran = office.desk.run("config", "show", "--account", "south", "--json")
    shown = json.loads(ran.out)
    assert shown["rate"] == {"value": "1", "from": f"{office.file}:1"}
    assert shown["workers"] == {"value": "3", "from": f"{office.file}:10"}
    assert shown["archive"] == {"value": str(office.home / "south"), "from": f"{office.file}:9"}


def test_check_looks_at_every_account(office: Office) -> None:
    office.desk.environ["south_token"] = "another-one"  # noqa: S105  # of nobody
    ran = office.desk.run("config", "check")
    assert (ran.code, spoken_of(ran)) == (0, ["north", "south"])
    office.desk.environ["north_token"] = ""
    ran = office.desk.run("config", "check")
    assert ran.code == ExitCode.USAGE
    assert ran.err.startswith(f"{office.file}:3: What token_command printed is empty")
    assert office.desk.run("config", "check", "--account", "south").code == 0


@pytest.mark.parametrize("number", ["", "12|"])
def test_the_same_token_in_two_places_is_told(office: Office, number: str, figure: Figure) -> None:
    """What tells them apart is what comes out of their commands."""
    office.desk.environ["south_token"] = number + office.desk.environ["north_token"]
    ran = office.desk.run("config", "check")
    assert ran.code == ExitCode.USAGE
    assert "Account south has the same token as north" in ran.err
    assert f"({office.file}:3)" in ran.err
    pulled = office.pull()
    assert (pulled.code, spoken_of(pulled)) == (ExitCode.USAGE, ["north", "south"])
    assert "Account south has the same token as north" in pulled.err
    assert (office.held("north"), office.held("south")) == (2, 0)
    assert office.desk.leaks() == []
    figure("R17", "two accounts with the same token in two places: named by check and pull, exit 2")


def test_a_token_of_the_environment_is_for_one_chosen_account(office: Office) -> None:
    office.desk.environ["ARCHIVER_TOKEN"] = TOKEN
    ran = office.pull()
    assert (ran.code, office.desk.sandbox.counts["recordings"]) == (ExitCode.USAGE, 0)
    assert "ARCHIVER_TOKEN: account south needs its own token" in ran.err
    office.refuse("north")
    assert office.pull("--account", "north").code == 0


def test_an_archive_of_an_option_is_for_one_chosen_account(office: Office) -> None:
    elsewhere = str(office.home / "elsewhere")
    ran = office.pull("--archive", elsewhere)
    assert "--archive: account south needs its own archive" in ran.err
    assert office.pull("--archive", elsewhere, "--account", "north").code == 0
    assert office.held("elsewhere") == 2
    ran = office.pull("--archive", str(office.home / "south"), "--account", "north")
    assert ran.code == ExitCode.USAGE


def test_each_account_has_its_own_check_and_metrics(office: Office) -> None:
    with Check() as north, Check() as south:
        files = [office.home / f"{name}.prom" for name in NAMES]
        office.set_up(
            "",
            f'ping_url = "{north.url}/n"\nmetrics = "{files[0]}"',
            f'ping_url = "{south.url}/s"\nmetrics = "{files[1]}"',
        )
        office.refuse("north")
        office.desk.run("pull", "--since", "today", "-q")
        assert (north.kinds, south.kinds) == (["n/start", "n/4"], ["s/start", "s"])
    for name, file, code in zip(NAMES, files, (4, 0), strict=True):
        assert f'archiver_last_run_exit_code{{account="{name}"}} {code}\n' in file.read_text()


def test_no_account_is_well_where_the_result_of_all_is_lost(office: Office) -> None:
    with Check() as north, Check(500) as south:
        office.set_up("", f'ping_url = "{north.url}/n"', f'ping_url = "{south.url}/s"')
        with mock.patch.object(pull, "print_document", side_effect=DestinationError("lost")):
            ran = office.desk.run("pull", "--since", "today", "--json")
    assert ran.code == 4
    assert north.kinds == ["n/start", "n/4"]
    assert south.kinds == ["s/start", "s/start", "s/4", "s/4"], "each is tried twice"
    assert ran.err.count("south: The ping to 127.0.0.1 failed") == 2, "each says whose it is"


def test_a_log_in_json_names_the_account(office: Office) -> None:
    office.refuse("north")
    lines = [json.loads(line) for line in office.pull("--log-format", "json").err.splitlines()]
    assert [name for name, _ in itertools.groupby(line["account"] for line in lines)] == [*NAMES]
    assert not any(line["text"].startswith("north: ") for line in lines)


def test_a_dry_run_names_the_account_in_what_it_prints(office: Office) -> None:
    lines = office.pull("-n").out.splitlines()
    assert [line.partition(" recordings")[0] for line in lines] == ["north: 2", "south: 2"]
    told = json.loads(office.pull("-n", "--json").out)
    assert [told["accounts"][name]["recordings"] for name in NAMES] == [2, 2]


Refused = Callable[[str], list[tuple[str, str]]]


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Return what tells the line and the message of each problem of a settings file."""

    def examined(text: str) -> list[tuple[str, str]]:
        path = tmp_path / "own.toml"
        path.write_text(text)
        _, problems = configuration.examine(SettingsRequest(config=path), {})
        assert all(problem.place.startswith(f"{path}:") for problem in problems)
        return [(problem.place.rpartition(":")[2], problem.message) for problem in problems]

    return examined


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("rate = 5\n[account.a]\nworkers = 2\n[account.b]\nrate = 0\n", "5", "rate must be"),
        ("rate = 0\n[account.a]\nrate = 5\n", "1", "rate must be"),
        ("[account.a]\n[account.b]\nrat = 5\n", "3", "rat is no setting: did you mean rate?"),
        ('[account.a]\ntoken = "x"\n', "2", "the token is not kept among the settings"),
        ("[account.a]\n[ account . 'b' ]\nrate = 0\n", "3", "rate must be"),
        ("account.a.rate = 0\n", "1", "rate must be"),
        ("[account.a]\n[account.a.b]\nrate = 5\n", "1", "b is no setting"),
        ("[account.a]\n[account.North]\n", "2", "an account's name is up to 40 lower-case"),
        ('[account."a-"]\n', "1", "an account's name is up to 40 lower-case"),
        ("# none\n[account]\nrate = 5\n", "2", "an account is a table, such as"),
        ("\naccount = 5\n", "2", "an account is a table, such as"),
    ],
)
def test_problems_of_accounts_are_placed(
    refused: Refused, text: str, line: str, message: str
) -> None:
    ((place, told),) = refused(text)
    assert place == line
    assert told.startswith(message)


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("archive", "/srv/a", "/srv/./b/../a/"),
        ("archive", "s3://calls/2026", "s3://calls/2026/"),
        ("metrics", "/srv/a.prom", "/srv/a.prom"),
        ("ping_url", "https://hc-ping.com/a", "https://hc-ping.com/a"),
        ("token_file", "/srv/a", "/srv/a"),
        ("token_command", "pass a", "pass  a"),
    ],
)
def test_what_accounts_may_not_share(refused: Refused, name: str, one: str, other: str) -> None:
    ((line, told),) = refused(f'[account.a]\n{name} = "{one}"\n[account.b]\n{name} = "{other}"\n')
    assert line == "4"
    assert told.startswith("account b needs its own ")
    assert "this is that of a, too (" in told
    assert told.endswith(":2)")
    assert one not in told
    assert [line for line, _ in refused(f'{name} = "{one}"\n[account.a]\n[account.b]\n')] == ["1"]
    assert (
        refused(f'{name} = "{one}"\n[account.a]\n[account.b]\n{name} = "{one.replace("a", "z")}"\n')
        == []
    )


@pytest.mark.parametrize(
    "other",
    [
        "https://hc-ping.com/abc/",
        "https://hc-ping.com/abc//",
        "https://HC-Ping.com/abc",
        "https://hc-ping.com./abc",
        "https://hc-ping.com:443/abc",
        "https://hc-ping.com/%61bc",
        "http://hc-ping.com:80/abc",
    ],
)
def test_a_check_is_one_whichever_way_its_address_is_written(refused: Refused, other: str) -> None:
    """A ping reaches the same check, and the success of one would hide a failure of the other."""
    tables = '[account.a]\nping_url = "https://hc-ping.com/abc"\n[account.b]\nping_url = '
    ((_, told),) = refused(f'{tables}"{other}"\n')
    assert told.startswith("account b needs its own ping_url: this is that of a, too (")
    for another in (other.replace("bc", "bC"), other.replace("ing.com", "ong.com")):
        assert refused(f'{tables}"{another}"\n') == []


def test_the_documented_accounts_are_good_ones(refused: Refused, root: Path) -> None:
    page = (root / "docs" / "operations.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert "[account.north]" in example
    assert refused(example) == []


def test_one_account_needs_no_choice(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("rate = 5\n[account.a]\nworkers = 2\n")
    context = configuration.load(SettingsRequest(config=path), {})
    assert (context.account, context.settings.network.rate, context.settings.network.workers) == (
        "a",
        5,
        2,
    )
    with pytest.raises(UsageError, match="there are: a"):
        configuration.load(SettingsRequest(config=path, accounts=("b",)), {})
    path.write_text("")
    with pytest.raises(UsageError, match="there are: none in the settings"):
        configuration.load(SettingsRequest(config=path, accounts=("b",)), {})
