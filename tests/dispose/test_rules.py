"""Retention rules in the settings: what is wrong with one is said where it stands, before a run."""

from pathlib import Path

import pytest

from archiver.app.disposing import rules
from archiver.config.registry import parse
from archiver.config.settings import RetentionRule
from archiver.domain.disposal import RetentionAction, Term
from archiver.domain.retention import Period
from archiver.errors import ExitCode
from tests.cli.conftest import Run, run

__all__ = ["run"]
RULES = """\
[[retention]]
period = "7y"
action = "dispose"

[[retention]]
period = "90d"
action = "keep"
number = ["+44 7700 900123", "0123"]
min_length = "90s"
"""
TEXT = '[{ period = "7y", action = "dispose" }]'
SEAL_BYTES = 128 * rules._SCRYPT_N * rules._SCRYPT_R  # noqa: SLF001 - before tests make it cheap


def problem(**rule: object) -> str:
    _, problems = parse({"retention": [rule]}, str)
    return "; ".join(each.message for each in problems)


def test_a_seal_has_its_price_for_who_tries_all_numbers() -> None:
    assert SEAL_BYTES >= 16 << 20


def test_a_rule_is_a_table_or_a_text() -> None:
    rule = RetentionRule(Term(Period(years=7), RetentionAction.DISPOSE))
    for value in (TEXT, [{"period": "7y", "action": "dispose"}]):
        settings, problems = parse({"retention": value}, str)
        assert (settings.disposal.rules, problems) == ((rule,), ())


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"action": "keep"}, "rule 1: period must be"),
        ({"period": "7", "action": "keep"}, "rule 1: period must be years or days"),
        ({"period": "7y"}, "rule 1: action must be one of keep, dispose"),
        ({"period": "7y", "action": "delete"}, "rule 1: action must be one of keep, dispose"),
        ({"period": "7y", "action": "keep", "agent": 7}, "rule 1: agent must be text"),
        ({"period": "7y", "action": "keep", "12025550143": 7}, "rule 1: a field must be text"),
    ],
)
def test_what_is_wrong_with_a_rule_is_named(rule: dict[str, object], told: str) -> None:
    assert told in problem(**rule)


@pytest.mark.parametrize("value", ["7y", "[", "[1]", 7, {"period": "7y"}, ["7y"]])
def test_what_is_no_list_of_tables_is_refused(value: object) -> None:
    _, (told,) = parse({"retention": value}, str)
    assert told.message.startswith("retention must be")


def checked(run: Run, folder: Path, text: str, *words: str) -> tuple[int, str]:
    path = folder / "own.toml"
    path.write_text(text)
    code, out, err = run(*words, "--config", str(path))
    return code, out + err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('agnet = "Lee"', "rule 1: agnet is no filter: did you mean agent?"),
        ('ids = "3f10cb7c"', "rule 1: ids is no filter"),
        ('number = "0000"', "rule 1: --number is no phone number"),
        ('min_length = ["90s", "2m"]', "rule 1: min_length is one text"),
        ('since = "soon"', "rule 1: "),
        ('since = "30d"', "rule 1: its time moves with the clock"),
        ('until = "yesterday"', "rule 1: its time moves with the clock"),
        ('day = "today"', "rule 1: its time moves with the clock"),
    ],
)
@pytest.mark.parametrize("words", [("config", "check"), ("doctor",)])
def test_a_filter_that_cannot_be_read_is_told_at_check_and_doctor(
    words: tuple[str, ...], line: str, told: str, run: Run, tmp_path: Path
) -> None:
    text = f'[[retention]]\nperiod = "7y"\naction = "keep"\n{line}\n'
    code, said = checked(run, tmp_path, text, *words)
    assert (code, told in said) == (ExitCode.USAGE, True), said
    assert words == ("doctor",) or f"{tmp_path / 'own.toml'}:1" in said


def test_good_rules_are_shown_without_their_numbers(run: Run, tmp_path: Path) -> None:
    _, said = checked(run, tmp_path, RULES, "config", "check")
    assert "The settings are in order" in said
    _, said = checked(run, tmp_path, RULES, "config", "show")
    assert "dispose 7y, keep 90d (min_length, number)" in " ".join(said.split())
    assert not any(number in said for number in ("7700", "0123"))
