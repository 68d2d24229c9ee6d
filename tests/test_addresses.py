"""No form of address keeps its query, wherever a portal puts it."""

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.scrubbing import KnownSecrets, clean, without_queries
from archiver.secret import Secret
from tests.canaries import SIGNATURE
from tests.conftest import Figure

if TYPE_CHECKING:
    from archiver.json_documents import Json

FORMS = (
    f"https://b.s3.amazonaws.com/k.mp3?X-Amz-Signature={SIGNATURE}",
    f'{{"u":"https:\\/\\/b.s3.amazonaws.com\\/k?X-Amz-Signature={SIGNATURE}"}}',
    f"//b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature={SIGNATURE}",
    f"b.s3.amazonaws.com/k?X-Amz-Signature={SIGNATURE}",
    f"https://b.s3.amazonaws.com/k?AWSAccessKeyId=A&Signature={SIGNATURE}",
    f"b.s3.amazonaws.com/k?Expires=1&amp;Signature={SIGNATURE}",
    f"https://b.s3.amazonaws.com/o'brien<1>.mp3?Policy='{SIGNATURE}",
    f"media.example/k.mp3?X-Goog-Algorithm=A&X-Goog-Signature={SIGNATURE}",
    f"media.example/k.mp3?sv=1&sig={SIGNATURE}",
    f"media.example:8443/k.mp3?unheard-of={SIGNATURE}",
    f'{{"u":"media.example\\/k.mp3?unheard-of={SIGNATURE}"}}',
    f"k.mp3?Expires=1&Policy={SIGNATURE}&Key-Pair-Id=K",
    f"k.mp3?Expires=1\\u0026Key-Pair-Id={SIGNATURE}",
    f"https://portal.example/play/https%3A%2F%2Fb.example%2Fk%3FX-Amz-Signature%3D{SIGNATURE}",
    f"https://portal.example/play/https%253A%252F%252Fb%252Fk%253Funheard-of%253D{SIGNATURE}",
    f"play=https%3A%2F%2Fb.example%2Fk.mp3%3Funheard-of%3D{SIGNATURE}",
    f"k.mp3%3Fa%3Db%26sig%3D{SIGNATURE}",
    f'{{"j":"{{\\"u\\":\\"https:\\\\/\\\\/b.example\\\\/k?unheard-of={SIGNATURE}\\"}}"}}',
    f"https:\\\\/\\\\/b.example\\\\/o'brien?unheard-of={SIGNATURE}",
    f"https://b.example/k\\u003funheard-of={SIGNATURE}",
    f"see (https://b.example/k?access_token={SIGNATURE}) and HTTPS://B.EXAMPLE/K?x={SIGNATURE}",
)

BARE = (
    f"X-Amz-Signature={SIGNATURE}",
    f"X-Amz-Credential=AKIA%2F{SIGNATURE}&X-Amz-Date=1",
    f"it said x-amz-security-token:{SIGNATURE} and no more",
    f"x-amz-signature: {SIGNATURE}",
    f"access_token={SIGNATURE}",
    f"my_access_token={SIGNATURE}, said the portal",
    f"(access_token%3D{SIGNATURE})",
    f'{{"access_token": "{SIGNATURE}"}}',
    f'{{\\"access_token\\":\\"{SIGNATURE}\\"}}',
    f"AWSAccessKeyId=A&Signature={SIGNATURE}&Expires=1",
    f"Signature={SIGNATURE}&AWSAccessKeyId=A",
    f"Policy={SIGNATURE}&Key-Pair-Id=K",
    f"sig={SIGNATURE}",
    f"token={SIGNATURE}",
    f'{{"token": "{SIGNATURE}"}}',
    f"Authorization: Bearer {SIGNATURE}",
    f"bearer 12|{SIGNATURE}",
    f"client_secret={SIGNATURE}",
    f"X-Goog-Signature={SIGNATURE}",
    f"X-Oss-Signature\\u003d{SIGNATURE}",
)
"""Fields of queries, and headers, without an address around them."""
NAMED = ("X-Amz-Signature", "x-amz-security-token", "access_token", "token", "Signature", "API_KEY")
TOKEN = "12|canary/" + "4711+secret-of-the-portal"

PIECES = (
    *("https:", "/", "//", "\\", "\\/", "%2F", "%252F", "%", "25", "?", "#", "%3F", "%253f"),
    *("&", ";", "&amp;", "%26", "\\u003f", "\\u0026", "=", "%3D", "sig", "token", "X-Amz-Date"),
    *("access_token", "X-Amz-a", "Bearer ", "api_key", ":", "=0123456789abcdef", '\\"', "|"),
    *("a.b", ":80", " ", "\t", '"', "'", "<", ">", "a", "u", "0", "-"),
)
HARD = (
    "X-Amz-",
    "access_token\\",
    'token"',
    "Bearer  ",
    "api_key:  ",
    "X-Amz-X-Amz-a",
    "%25",
    "a.",
    "%2f%2f",
    "/\\",
    "x://%",
    "a.b/?",
    " a.b/",
)
HINTED = ("&", "#", "%25", "-", '"', " ", "\\")
"""To be read by the patterns of credentials as well, which most texts are spared."""
LONG = 100_000
MOST_S = 1.0
"""Of a processor: what is read again and again takes hours."""


@pytest.mark.parametrize("form", FORMS)
def test_a_query_is_cut_in_every_form(form: str) -> None:
    assert SIGNATURE in form
    assert SIGNATURE not in clean(form)
    assert "b.s3.amazonaws.com" not in form or "b.s3.amazonaws.com" in clean(form)


def test_queries_are_cut_at_any_depth_and_in_names(figure: Figure) -> None:
    served: Json = {form: [{"a": form, "b": [form, 1, None, True]}] for form in FORMS}
    assert SIGNATURE not in str(without_queries(served))
    figure("X6", f"forms of an address {len(FORMS)}, queries kept 0")


@pytest.mark.parametrize("form", BARE)
def test_a_field_of_a_query_is_cut_without_any_address(form: str) -> None:
    assert SIGNATURE in form
    kept = clean(form)
    assert SIGNATURE not in kept
    assert clean(kept) == kept


@pytest.mark.parametrize("name", NAMED)
def test_what_stands_under_the_name_of_a_credential_is_hidden(name: str) -> None:
    served: Json = {"notes": {name: SIGNATURE, "kept": "as it is"}}
    assert without_queries(served) == {"notes": {name: "…", "kept": "as it is"}}


def test_a_known_secret_is_hidden_in_every_form(figure: Figure) -> None:
    known = KnownSecrets(Secret(TOKEN))
    forms = [TOKEN, TOKEN.upper(), quote(TOKEN, safe=""), quote(TOKEN, safe="").lower()]
    forms += [TOKEN.replace("/", "\\/"), TOKEN.partition("|")[2], f"a{TOKEN}b", f"({TOKEN})"]
    served: Json = {form: [{"a": form}, f"see {form} here", 7] for form in forms}
    hidden = str(without_queries(served, known)).lower()
    assert [part for part in ("canary", "4711", "portal") if part in hidden] == []
    assert without_queries({"id": TOKEN, "agent": "Ann"}, known) == {"id": "", "agent": "Ann"}
    assert clean("as it is, …", known) == "as it is, …"
    assert clean("abc", KnownSecrets(Secret("abc"))) == "abc", "too short to be told from a word"
    figure("X6", f"forms of a token {len(forms)}, bare fields {len(BARE)}: kept 0")


@pytest.mark.parametrize(
    "text", ["?token=a https://h'x?y", 'https://h".x/?a\t&X-Amz-Expires=0', "//a?b //c'?d&token=e"]
)
def test_what_is_cut_once_stays_as_it_is(text: str) -> None:
    kept = clean(text)
    assert kept != text
    assert clean(kept) == kept


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_cut_once_and_for_all(text: str) -> None:
    kept = clean(text)
    assert clean(kept) == kept


@pytest.mark.parametrize(
    ("hint", "piece"), [*(("", piece) for piece in (*PIECES, *HARD)), *(("sig", p) for p in HINTED)]
)
def test_long_text_of_anything_is_read_once(hint: str, piece: str, figure: Figure) -> None:
    text = hint + piece * (LONG // len(piece))
    began = time.process_time()
    kept = clean(text)
    took = time.process_time() - began
    assert took < MOST_S
    assert clean(kept) == kept
    figure("A13", f"{hint}{' and ' if hint else ''}{LONG} characters of {piece!r}: in {took:.2f} s")


@pytest.mark.parametrize(
    "text",
    [
        *("", "why? because", "a & b", "12:30 // noon", "50% off #1", "1.5/2? 3.0=3", "a.b/c"),
        *(
            "Signature: Ann Lee",
            "X-Amz-Signature is missing",
            "Policy=basic",
            "token 12345678901234567",
        ),
        *("Bearer of bad news", "the access_token", "api key: lost", "sig: 0123456789abcdef0123"),
        *("sig=x", "Policy: none", "https://b.example/50%25off", "C:\\share\\u00e9"),
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text
