"""Which names are those of secrets: ``DB_PASSWORD`` and ``apiKey`` are, ``max_tokens`` and ``author`` are not.

A name is split into words (at capitals, ``_ - .`` and other signs). Some words mean a secret wherever they stand,
others (token, auth, cookie, pin, pass, key) only beside the right neighbours.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def words(*texts: str) -> frozenset[str]:
    """Return the words of some texts: for tables that read better than lists of quoted names.

    Examples
    --------
    >>> sorted(words("fit", "train score"))
    ['fit', 'score', 'train']
    """
    return frozenset(word for text in texts for word in text.split())


_STRONG: Final = words(
    "password passwords passwd passwds passphrase passphrases passcode pwd pwds secret secrets apikey apikeys",
    "credential credentials cred creds authorization bearer jwt accesskey secretkey privatekey authkey authtoken",
    "accesstoken clientsecret connectionstring connstr connectionstr dsn oauthtoken",
)
# Words that end in these are such a name run together: dbpassword, openaiapikey.
_STRONG_ENDS: Final = (
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "authtoken",
)
# A secret's neighbour that says it is not the secret itself but something about it.
_ABOUT: Final = words(
    "path paths file files filename dir folder name names type types url uri endpoint length len size count limit min",
    "max policy field fields column columns col cols label prompt hint expires expiry expiration ttl provider scope",
    "scopes class manager store strength rule rules rotation required enabled reset page form input widget format",
    "encoder validator hasher checker generator counter version index idx rate ratio days age valid invalid",
    "santa sauce garden service services env state",
)
# What may follow a weak word without changing what it is.
_VALUE: Final = words(
    "value val str string text raw plain prod production dev development test testing staging live old new current",
    "default header headers jar data secret key code hash base b encoded backup primary secondary main",
    "github gitlab hf huggingface openai anthropic aws azure gcp google slack wandb kaggle pypi npm discord telegram",
)
_TOKEN_OWNERS: Final = words(
    "access auth refresh bearer api id csrf xsrf session security sas oauth bot app user client admin service",
    "personal private secret deploy jwt login github gitlab gh gl hf huggingface hub wandb slack aws azure gcp google",
    "openai anthropic telegram discord kaggle pypi npm pat neptune comet replicate databricks twilio notion jira ngrok",
    "mapbox vault sentry dockerhub docker hugging face my the our your read write upload registry jupyter notebook",
)
_KEY_OWNERS: Final = words(
    "api access private secret signing encryption decryption account subscription storage master ssh rsa dsa pgp gpg",
    "openai anthropic aws azure gcp google hf huggingface wandb stripe shared auth app application license deploy",
    "consumer service gemini groq mistral cohere pinecone serpapi tavily langchain langsmith replicate kaggle maps",
)
_PASS_OWNERS: Final = words("db database mysql postgres pg user smtp imap ftp sftp admin root email mail login my ssh")
_PIN_OWNERS: Final = words("user card sim bank atm security account login")
_NUMERIC: Final = words("password passwords passwd passwds pwd pwds passcode passphrase pin pw pass")


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a value under this name is to be kept secret.

    Of a dotted name, one secret part is enough (``db.password``).

    Parameters
    ----------
    name : str
        A variable's, param's, key's or environment variable's name, in any spelling.

    Examples
    --------
    >>> [is_secret_name(name) for name in ("DB_PASSWORD", "apiKey", "x-auth-token", "max_tokens", "author")]
    [True, True, True, False, False]
    """
    return any(_part_is_secret(part) for part in name[:500].split("."))


@lru_cache(maxsize=1024)
def may_be_number(name: str) -> bool:
    """Whether even a number under this name is a secret: a password's or a PIN's.

    Examples
    --------
    >>> may_be_number("db_password"), may_be_number("api_token")
    (True, False)
    """
    parts = [word for word in _split(name) if word not in _VALUE]
    return bool(parts) and parts[-1] in _NUMERIC and is_secret_name(name)


def _split(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name.replace("OAuth", "Oauth"))]


def _part_is_secret(name: str) -> bool:
    parts = _split(name)
    return any(_at(parts, index) for index in range(len(parts)))


def _at(parts: list[str], index: int) -> bool:
    """Whether the word at `index` makes the name a secret's."""
    word, earlier, later = parts[index], parts[:index], parts[index + 1 :]
    if word in _STRONG or word.endswith(_STRONG_ENDS):
        return not later or later[-1] not in _ABOUT
    owner = earlier[-1] if earlier else ""
    match word:
        case "token":
            plain = all(part in _VALUE for part in later)
            return plain and (not earlier or owner in _TOKEN_OWNERS or owner in _STRONG)
        case "tokens":
            return not later and owner in _TOKEN_OWNERS - words("user id read write upload service my the our your")
        case "key" | "keys":
            after = all(part in _VALUE or part == "id" for part in later)
            return after and owner in _KEY_OWNERS
        case "auth" | "cookie" | "cookies" | "pw":
            return all(part in _VALUE for part in later)
        case "pass":
            return not later and owner in _PASS_OWNERS
        case "pin":
            return all(part == "code" for part in later) and (not earlier or owner in _PIN_OWNERS)
        case "string" | "str":
            return not later and owner in ("connection", "conn")
        case "pat":
            return not later and owner in ("github", "gitlab", "gh", "azure", "devops")
    return False
