"""Secrets are taken out of params and of text; what only looks like one stays."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_track.context.redaction import REDACTED, is_secret_name, redact_text, redact_value

# Spelled in two parts, so that no scanner of repositories takes the examples for real keys.
HEX = "0a1b2c3d4e5f60718293"
B64 = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
JWT = "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
PEM = "-----BEGIN RSA PRIVATE " + f"KEY-----\nProc-Type: 4,ENCRYPTED\n\n{B64}\n{B64}\n-----END RSA PRIVATE KEY-----"

PLANTED = [
    ('password = "hunter2"', "hunter2"),
    ("password='hunter2'  # mine", "hunter2"),
    ("DB_PASS = 'hunter2'", "hunter2"),
    ('passwd: str = "hunter2"', "hunter2"),
    ('token: Optional[str] = "hunter2"', "hunter2"),
    ('pwd = r"hunter\\2"', "hunter"),
    ('password = """hunter2\nline2"""', "line2"),
    ('password = (\n    "hunter2"\n    "rest9"\n)', "rest9"),
    ('password = "hunter" + "rest9"', "rest9"),
    ('password = "a\\"hunter2"', "hunter2"),
    ('client = Client(api_key="hunter2", timeout=3)', "hunter2"),
    ('login(token = "hunter2")', "hunter2"),
    ("conf = {'password': 'hunter2', 'user': 'me'}", "hunter2"),
    ('{"apiKey": "hunter2"}', "hunter2"),
    ('{"client-secret":"hunter2"}', "hunter2"),
    ('"password = \\"hunter2\\"\\n",', "hunter2"),
    ('os.environ["HF_TOKEN"] = "hunter2"', "hunter2"),
    ("os.environ['AWS_SECRET_ACCESS_KEY']='hunter2'", "hunter2"),
    ('os.environ.setdefault("OPENAI_API_KEY", "hunter2")', "hunter2"),
    ('os.getenv("API_KEY", "hunter2")', "hunter2"),
    ("export TOKEN=hunter2", "hunter2"),
    ("!export WANDB_API_KEY=hunter2 && run", "hunter2"),
    ("get_ipython().system('export SECRET=hunter2')", "hunter2"),
    ("get_ipython().run_line_magic('env', 'API_TOKEN=hunter2')", "hunter2"),
    ("%env GITHUB_TOKEN=hunter2", "hunter2"),
    ("docker run -e DB_PASSWORD=hunter2 image", "hunter2"),
    ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG\nHOME=/root", "wJalrXUtnFEMI"),
    ("mysql --password=hunter2 -u me", "hunter2"),
    ("tool --api-key hunter2 --verbose", "hunter2"),
    ("http://localhost:8888/lab?token=hunter2", "hunter2"),
    ("GET /v1?user=me&api_key=hunter2&x=1", "hunter2"),
    ('curl -H "Authorization: Bearer hunter2hunter" https://x', "hunter2"),
    ('headers = {"Authorization": "Bearer hunter2"}', "hunter2"),
    ("Authorization: Basic aHVudGVyMg==", "aHVudGVyMg"),
    ("sent Bearer abcdef0123456789", "abcdef0123456789"),
    ("Cookie: session=hunter2; other=1", "hunter2"),
    ("X-Api-Key: hunter2", "hunter2"),
    ("database:\n  password: hunter2\n  port: 5432", "hunter2"),
    ('engine = create_engine("postgresql://me:hunter2@db.host:5432/data")', "hunter2"),
    ("remote = https://hunter2@github.com/me/repo.git", "hunter2"),
    ("redis://:hunter2@localhost:6379/0", "hunter2"),
    ('SENTRY_DSN = "hunter2"', "hunter2"),
    ('connection_string = "Server=x;Pwd=hunter2"', "hunter2"),
    ('auth=("me", "hunter2")', "hunter2"),
    ('password = SecretStr("hunter2")', "hunter2"),
    ("Config(password='hunter2', lr=0.1)", "hunter2"),
    ('if password == "hunter2":', "hunter2"),
    ("PIN = 1234", "1234"),
    ('password \x1b[38;5;241m=\x1b[39m \x1b[33m"\x1b[39m\x1b[33mhunter2\x1b[39m\x1b[33m"\x1b[39m', "hunter2"),
    ('password = "hunter2', "hunter2"),
    ('user, password = "me", "hunter2"', "hunter2"),
    ('password, user = "hunter2", "me"', "hunter2"),
    ('"http://me@example.org:hunter2@host/path"', "hunter2"),
    ("It's set: password='hunter2'", "hunter2"),
    (f'x = "sk-{HEX}"', HEX),
    (f"sk-proj-{HEX}-{HEX}", HEX),
    (f"sk-ant-api03-{HEX}", HEX),
    (f"ghp_{HEX}{HEX}", HEX),
    (f"gho_{HEX}", HEX),
    (f"github_pat_{HEX}_{HEX}", HEX),
    (f"glpat-{HEX}", HEX),
    (f"login('hf_{HEX}AbC')", HEX),
    (f"xoxb-{HEX}", HEX),
    ("AKIA" + "IOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    ("AIza" + "SyA0b1C2d3E4f5G6h7I8j9K0l1M2n3O4p5Q", "C2d3E4f5"),
    (JWT, "dozjgNryP4J3"),
    (f"key = '''{PEM}'''", B64),
    (PEM.replace("\n", "\\n"), B64),
    (PEM.partition("-----END")[0], B64),
    (f"https://hooks.slack.com/services/T000/B000/{HEX}", HEX),
]

BENIGN = [
    "n_tokens = 'many'",
    'max_tokens = "512"',
    "token_count = 'three'",
    "tokenizer = 'bert-base-uncased'",
    "tokens_per_second = '12.5'",
    "pad_token = '<pad>'",
    "tokenizer.add_special_tokens({'eos_token': '</s>', 'mask_token': '[MASK]'})",
    "author = 'Ada'",
    '{"authors": "Ada, Grace"}',
    "key = 'value'",
    "keys = ['a', 'b']",
    "sorted(rows, key=len)",
    "keyboard = 'qwerty'",
    "secretary = 'Miss Moneypenny'",
    "pass_rate = '0.5'",
    "n_passes = '3'",
    "passed = 'yes'",
    "forward_pass = 'once'",
    "bypass = 'no'",
    "compass = 'north'",
    "monkey = 'see'",
    "cookie_cutter = 'star'",
    "cookiecutter = 'template'",
    "primary_key = 'id'",
    "sort_key='name'",
    "password = getpass()",
    'password = getpass("Password: ")',
    'print("token=" + repr(token))',
    'class Token:\n    """A word of a text."""',
    "url = base + '?token=%s' % token",
    "HAVE_PASSWD_ENTRY = 1",
    "token = os.environ['HF_TOKEN']",
    "connect(password=password, token=TOKEN)",
    "def login(user: str, password: str, token: str | None = None) -> None:",
    "    password : str\n        What opens the door.",
    "    token: str",
    "if token == 'the':",
    "token: hello",
    "token = 3",
    "password_field = 'pw'",
    "secret_name = 'in-vault'",
    "pin_memory='true'",
    "class: sk-container-id-1 sk-toggleable__content-arrow sk-estimator-doc-link",
    "git clone ssh://git@github.com/me/repo.git",
    "https://example.org/path@2x.png",
    "mapping = {'connection': 'close', 'pattern': 'x'}",
    "authority = 'W3C'; pathology = 'x'",
    "xoxo, ghp, hf_transfer, hf_hub_download(repo_id='x')",
    "Bearer authentication is supported",
    "eyJ is how every JSON Web Token starts",
    "The cookie: a small file that stays",
    "[('token', 'word'), ('key', 'value')]",
    "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
]


@pytest.mark.parametrize(("text", "secret"), PLANTED)
def test_a_planted_secret_is_gone(text: str, secret: str) -> None:
    """Nothing of the secret is left, and the text says that something was taken out."""
    found = redact_text(text)
    assert secret not in found
    assert REDACTED in found


def test_all_planted_secrets_in_one_text_are_gone() -> None:
    """Neighbours do not hide one another."""
    found = redact_text("\n\n".join(text for text, _ in PLANTED))
    assert [secret for _, secret in PLANTED if secret in found] == []
    assert len(PLANTED) >= 50


@pytest.mark.parametrize("text", BENIGN)
def test_a_benign_text_stays(text: str) -> None:
    """Names that only sound like a secret's, and code that only names one, are untouched."""
    assert redact_text(text) == text


@pytest.mark.parametrize("text", [text for text, _ in PLANTED])
def test_redacting_twice_changes_nothing(text: str) -> None:
    """The output is a fixed point."""
    once = redact_text(text)
    assert redact_text(once) == once


def test_redacted_source_is_still_python() -> None:
    """Quotes stay where they were, so that a stored cell can be read and run."""
    source = (
        'import os\nos.environ["TOKEN"] = "abc"\n'
        'login(user="me", password="""a\nb""", host="h")\n'
        'url = "postgresql://me:pw@host/db"\n'
        "conf = {'api_key': ('a' 'b'), 'n': 1}\n"
    )
    found = redact_text(source)
    assert found == (
        'import os\nos.environ["TOKEN"] = "<redacted>"\n'
        'login(user="me", password="""<redacted>""", host="h")\n'
        'url = "postgresql://<redacted>@host/db"\n'
        "conf = {'api_key': ('<redacted>' '<redacted>'), 'n': 1}\n"
    )
    ast.parse(found)


def test_only_the_secret_goes() -> None:
    """What stands around a secret is kept to the letter."""
    assert redact_text('login("me", token="abc", retries=3)') == 'login("me", token="<redacted>", retries=3)'
    assert redact_text("GET /v1?api_key=abc&x=1#end") == "GET /v1?api_key=<redacted>&x=1#end"
    assert redact_text("export A=1 TOKEN=abc; run") == "export A=1 TOKEN=<redacted>; run"
    assert redact_text(f"before {PEM} after") == "before -----BEGIN RSA PRIVATE KEY-----<redacted> after"


SECRET_NAMES = (
    "password passwd pwd DB_PASSWORD dbPassword db-password mypassword secret client_secret clientSecret token TOKEN "
    "accessToken access_token github_token HF_TOKEN x-auth-token api_key apiKey APIKey apikey API-KEY OPENAI_API_KEY "
    "openai_key AWS_SECRET_ACCESS_KEY aws_access_key_id private_key signing_key credential credentials auth "
    "basic_auth authorization dsn SENTRY_DSN connection_string connectionString cookie session_cookie db.password "
    "secrets.aws passphrase pin jwt DB_PASS token_value storage_account_key"
)
PLAIN_NAMES = (
    "n_tokens max_tokens maxTokens num_tokens token_count tokenizer tokens_per_second pad_token eos_token next_token "
    "token_ids token_type author authors authority authored key keys keyboard secretary pass_rate n_passes passed "
    "bypass compass monkey cookie_cutter cookiecutter sort_key primary_key foreign_key cache_key pin_memory spin "
    "mapping connection connect pattern path patience password_length secret_name passwordless turkey C lr gamma"
)


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_a_secret_name_is_known(name: str) -> None:
    """snake_case, camelCase, kebab-case, environment style and run-together spellings."""
    assert is_secret_name(name)


@pytest.mark.parametrize("name", PLAIN_NAMES.split())
def test_a_plain_name_is_no_secret(name: str) -> None:
    """Words of machine learning and of code that contain a secret's letters."""
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("password", "hunter2", REDACTED),
        ("password", 1234, REDACTED),
        ("pin", 1234, REDACTED),
        ("token", 3, 3),
        ("max_tokens", 512, 512),
        ("use_auth", True, True),
        ("password", None, None),
        ("password", "", ""),
        ("lr", 0.1, 0.1),
        ("url", "https://me:pw@host/x", "https://<redacted>@host/x"),
        ("model", f"sk-{HEX}", REDACTED),
        ("note", "plain text", "plain text"),
        ("db", {"password": "x", "host": "h"}, {"password": REDACTED, "host": "h"}),
        ("credentials", {"user": "x"}, {"user": REDACTED}),
        ("tokens_seen", ["a", "b"], ["a", "b"]),
        ("api_keys", ["a", "b"], [REDACTED, REDACTED]),
        ("auth", ("me", "pw"), (REDACTED, REDACTED)),
        ("secret", b"raw", REDACTED),
        ("blob", b"raw", b"raw"),
    ],
)
def test_values_by_their_name_and_shape(key: str, value: Any, expected: Any) -> None:
    """Text under a secret's name goes, numbers only under a password's, containers are looked into."""
    assert redact_value(key, value) == expected


def test_a_value_without_a_secret_is_the_same_object() -> None:
    """No copy is made of what needs no change."""
    value = {"layers": [64, 32], "name": "net"}
    assert redact_value("model", value) is value


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    """No text raises, and the result is a fixed point."""
    once = redact_text(text)
    assert redact_text(once) == once


FRAGMENTS = st.sampled_from(
    [
        "token",
        "password",
        "=",
        '"',
        "'",
        '"""',
        "\\",
        "\n",
        " ",
        ":",
        "(",
        ",",
        "://",
        "@",
        "a",
        "1",
        "sk-",
        "eyJ",
        ".",
        "--",
    ]
)


@given(st.lists(FRAGMENTS, max_size=60).map("".join))
def test_text_made_of_the_grammar_is_taken(text: str) -> None:
    """Signs and names in any order are a fixed point too."""
    once = redact_text(text)
    assert redact_text(once) == once


@pytest.mark.parametrize(
    "unit",
    [
        "a", "token", "token ", "token=", 'token="', "token='", 'password="""', "token\\", "password = (", "://", "://a:",
        "://a:b@", "eyJ", "eyJ-", "eyJaaaaaaaa.", "sk-", "sk-a-", "-----BEGIN PRIVATE KEY-----", "-----", "Bearer ",
        "key: ", "\x1b[1m", "password\x1b[1m", "--password ", "?token=", "export TOKEN", "AKIA", "xox", "@", "ghp_",
        "İtoken=", "password: List[", "token:a ", "\\\"password\\\"", "curl -H ",
    ],
)  # fmt: skip
def test_a_hostile_text_ends(unit: str) -> None:
    """A quarter of a megabyte of one fragment is worked through; a backtracking expression would never end."""
    text = unit * (256 * 1024 // len(unit))
    assert isinstance(redact_text(text), str)
