"""Secrets without quotes in notes, names, errors and output; and code that stays code."""

from __future__ import annotations

import pytest

from jupyter_track.context.prose import redact_prose, redact_source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("login failed: password=hunter2", "login failed: password=<redacted>"),
        ("password: hunter2 more words", "password: <redacted> more words"),
        ("token=abc123 step=5", "token=<redacted> step=5"),
        ("db_password=12345", 'db_password="<redacted>"'),
        ("ValueError: api_key=xyz98765, retry", "ValueError: api_key=<redacted>, retry"),
        ("with `password=hunter2`. Then", "with `password=<redacted>`. Then"),
        ("password: `hunter2`", "password: `<redacted>`"),
        ("password=hun`ter2", "password=<redacted>"),
    ],
)
def test_a_secret_without_quotes_is_masked(text: str, expected: str) -> None:
    """In text that is no code a value behind a secret name is masked without quotes."""
    assert redact_prose(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens=5000 n_tokens: 12345",
        "password=None",
        "token=12345",
        "author: Somebody Else",
        "loss: 0.1234 accuracy=0.9876",
        "pass_rate: 0.9934",
        "key: value",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    """Benign names, numbers of tokens and None stay as they are."""
    assert redact_prose(text) == text


def test_source_stays_code() -> None:
    """In a cell's source the line of the magic and quoted values behind quoted names are masked, code is not."""
    source = (
        '%%track s -p password=hunter2 -n "token=abcdef"\n'
        'track.log_param("api_key", "hunter3")\n'
        "login(token=token, password=read_password())\n"
        'track.set_tag("stage", "draft")\n'
    )
    assert redact_source(source) == (
        '%%track s -p password=<redacted> -n "token=<redacted>"\n'
        'track.log_param("api_key", "<redacted>")\n'
        "login(token=token, password=read_password())\n"
        'track.set_tag("stage", "draft")\n'
    )


def test_redacting_twice_changes_nothing() -> None:
    """What is masked already stays as it is."""
    once = redact_prose("password=hunter2 token: abcdefgh")
    assert redact_prose(once) == once
