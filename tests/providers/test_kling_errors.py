"""Answers that are none of Kling's own: pages, redirects, bare statuses, odd envelopes."""

import json

import httpx
import pytest

from talkmill.errors import AccountError, Duplicate, NotAccepted, OutcomeUnknown, Refused
from talkmill.providers.http import Answered
from talkmill.providers.kling_errors import data_of, error_of, not_found, repeat, words_of


def answer(status, body=b"", **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answered(status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), raw)


PAGE = b"<html>nginx</html>"


@pytest.mark.parametrize(
    ("given", "paid", "asked"),
    [
        (answer(200, PAGE), OutcomeUnknown, NotAccepted),
        (answer(200, {"code": 0, "data": {}}), OutcomeUnknown, NotAccepted),
        (answer(200, {"code": 777, "message": "new"}), OutcomeUnknown, NotAccepted),
        (answer(200, [1, 2]), OutcomeUnknown, NotAccepted),
        (answer(502, PAGE), OutcomeUnknown, NotAccepted),
        (answer(503), OutcomeUnknown, NotAccepted),
        (answer(408), OutcomeUnknown, NotAccepted),
        (answer(429, PAGE), NotAccepted, NotAccepted),
        (answer(401, PAGE), AccountError, AccountError),
        (answer(403, PAGE), AccountError, AccountError),
        (answer(301, b"", location="https://elsewhere.example"), Refused, Refused),
        (answer(404, PAGE), Refused, Refused),
        (answer(413, PAGE), Refused, Refused),
        (answer(400, {"code": 4242, "message": "x"}), Refused, Refused),
        (answer(400, {"code": 1201, "message": "external_task_id already exists"}), Duplicate, Duplicate),
        (answer(429, {"code": 1102, "message": "Account balance not enough"}), AccountError, AccountError),
    ],
)
def test_an_answer_is_unknown_only_where_it_says_nothing_certain(given, paid, asked):
    """Of a request that costs, no usable answer leaves the outcome open; of a question it is asked again later."""
    for sent, error in ((True, paid), (False, asked)):
        found = error_of(given, words_of(given), what="avatar", sent=sent)
        assert type(found) is error
        assert str(found).startswith("kling: ")
        assert "nginx" not in str(found)


def test_retry_after_is_kept():
    """What Kling asks for stands over our own wait."""
    busy = answer(429, {"code": 1303, "message": "parallel"}, retry_after="42")
    assert error_of(busy, "", what="avatar", sent=True).wait == 42
    assert error_of(answer(429, {"code": 1303}), "", what="avatar", sent=True).wait == 5
    assert error_of(answer(503, PAGE, retry_after="9"), "", what="avatar", sent=False).wait == 9


@pytest.mark.parametrize("code", [1100, 1101, 1102, 1304])
def test_a_permanent_429_is_no_reason_to_ask_again(code):
    """Balance, arrears, address: waiting does not help; too many requests do."""
    assert not repeat(answer(429, {"code": code}))
    assert repeat(answer(429, {"code": 1302}))
    assert repeat(answer(502, PAGE))
    assert not repeat(answer(200, {"code": 0}))


def test_words_are_one_short_line_and_codes_are_numbers():
    """Long or broken texts and odd types do no harm."""
    long = answer(400, {"code": 1201, "message": "a\nb " * 500, "request_id": "r"})
    assert "\n" not in words_of(long)
    assert len(words_of(long)) < 330
    assert words_of(answer(400, b"\xff")) == ""
    assert data_of(answer(200, {"code": True, "data": [1]})) is None
    assert data_of(answer(500, {"code": 0, "data": [1]})) is None
    assert not_found(answer(400, {"code": 1201, "message": "Task not found by id/external id: x"}))
    assert not not_found(answer(400, {"code": 1201, "message": "bad value"}))
