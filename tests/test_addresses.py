"""No form of address keeps its query, wherever a portal puts it."""

from typing import TYPE_CHECKING

import pytest

from archiver.addresses import clean, without_queries
from tests.conftest import Figure

if TYPE_CHECKING:
    from archiver.recordings import Json

SIGNATURE = "5ca1ab1e" * 8
FORMS = (
    f"https://b.s3.amazonaws.com/k.mp3?X-Amz-Signature={SIGNATURE}",
    f'{{"u":"https:\\/\\/b.s3.amazonaws.com\\/k?X-Amz-Signature={SIGNATURE}"}}',
    f"//b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature={SIGNATURE}",
    f"b.s3.amazonaws.com/k?X-Amz-Signature={SIGNATURE}",
    f"https://b.s3.amazonaws.com/k?AWSAccessKeyId=A&Signature={SIGNATURE}",
    f"b.s3.amazonaws.com/k?Expires=1&amp;Signature={SIGNATURE}",
    f"https://b.s3.amazonaws.com/o'brien<1>.mp3?Policy='{SIGNATURE}",
    f"see (https://b.example/k?access_token={SIGNATURE}) and HTTPS://B.EXAMPLE/K?x={SIGNATURE}",
)


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


@pytest.mark.parametrize("text", ["", "why? because", "a & b", "12:30 // noon", "50% off #1"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text
