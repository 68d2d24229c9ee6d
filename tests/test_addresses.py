"""No form of address keeps its query, wherever a portal puts it."""

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.addresses import clean, without_queries
from tests.canaries import SIGNATURE
from tests.conftest import Figure

if TYPE_CHECKING:
    from archiver.recordings import Json

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

PIECES = (
    *("https:", "/", "//", "\\", "\\/", "%2F", "%252F", "%", "25", "?", "#", "%3F", "%253f"),
    *("&", ";", "&amp;", "%26", "\\u003f", "\\u0026", "=", "%3D", "sig", "token", "X-Amz-Date"),
    *("a.b", ":80", " ", "\t", '"', "'", "<", ">", "a", "u", "0", "-"),
)
HARD = ("%25", "a.", "%2f%2f", "/\\", "x://%", "a.b/?", " a.b/")
MOST_S = 1.0
"""Of a processor, for a megabyte: what is read again and again takes hours."""


@pytest.mark.parametrize("form", FORMS)
def test_a_query_is_cut_in_every_form(form: str) -> None:
    assert SIGNATURE in form
    assert SIGNATURE not in clean(form)
    assert "b.s3.amazonaws.com" not in form or "b.s3.amazonaws.com" in clean(form)


def test_queries_are_cut_at_any_depth_and_in_names(figure: Figure) -> None:
    served: Json = {form: [{"a": form, "b": [form, 1, None, True]}] for form in FORMS}
    assert SIGNATURE not in str(without_queries(served))
    figure("X6", f"forms of an address {len(FORMS)}, queries kept 0")


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


@pytest.mark.parametrize("piece", [*PIECES, *HARD])
def test_a_megabyte_of_anything_is_read_once(piece: str, figure: Figure) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    kept = clean(text)
    took = time.process_time() - began
    assert took < MOST_S
    assert clean(kept) == kept
    figure("A13", f"a megabyte of {piece!r}: cleaned in {took:.2f} s")


@pytest.mark.parametrize(
    "text",
    [
        *("", "why? because", "a & b", "12:30 // noon", "50% off #1", "1.5/2? 3.0=3", "a.b/c"),
        *("sig=x", "Policy: none", "https://b.example/50%25off", "C:\\share\\u00e9"),
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text
