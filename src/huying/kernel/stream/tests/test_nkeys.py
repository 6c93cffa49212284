"""Keys and tokens: what is written is read again, what was changed is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.kernel.stream import StreamUnavailable, nkeys
from huying.kernel.stream.access import find_access, read_credentials
from huying.kernel.stream.nkeys import KeyPair, NotAKey, NotAToken

# A seed and its public key as the reference tool prints them.
SEED = "SAANDLKMXL6CUS3CP52WIXBEDN6YJ545GDKC65U5JZPPV6WH6ESWUA6YAI"
PUBLIC = "ABJHLOVMPA4CI6R5KLNGOB4GSLNIY7IOUPAJC4YFNDLQVIOBYQGUWVLA"
KINDS = {nkeys.ACCOUNT: ("SA", "A"), nkeys.USER: ("SU", "U"), nkeys.SERVER: ("SN", "N")}


def test_a_known_seed_gives_its_known_key():
    key = KeyPair.from_seed(SEED)
    assert (key.public, key.seed) == (PUBLIC, SEED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_survives_being_written(kind):
    key = KeyPair.create(kind)
    assert (key.seed[:2], key.public[:1]) == KINDS[kind]
    again = KeyPair.from_seed(key.seed)
    assert again.public == key.public
    nkeys.public_key(key.public).verify(again.sign(b"x"), b"x")


@pytest.mark.parametrize(
    "wrong", ["", "S", "no key", PUBLIC, SEED[:-1], SEED[:-1] + "A", SEED.lower(), "ÄÖ", SEED + "AA"]
)
def test_what_is_no_seed_is_refused(wrong):
    with pytest.raises(NotAKey):
        KeyPair.from_seed(wrong)


@given(st.integers(0, len(PUBLIC) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_one_wrong_letter_is_seen(place, letter):
    changed = PUBLIC[:place] + letter + PUBLIC[place + 1 :]
    if changed == PUBLIC:
        return
    with pytest.raises(NotAKey):
        nkeys.public_key(changed)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9), max_size=4))
def test_a_token_says_what_was_written_and_by_whom(claims):
    key = KeyPair.from_seed(SEED)
    read = nkeys.read_token(nkeys.write_token(key, claims))
    assert read == {**claims, "iss": PUBLIC, "jti": read["jti"]}


def test_a_changed_or_foreign_token_is_refused():
    token = nkeys.write_token(KeyPair.from_seed(SEED), {"sub": "a"})
    other = nkeys.write_token(KeyPair.create(nkeys.ACCOUNT), {"sub": "b"})
    header, body, signature = token.split(".")
    for wrong in (
        "",
        "a.b",
        "a.b.c",
        f"{header}.{other.split('.')[1]}.{signature}",
        f"{header}.{body}.{signature[:-4]}AAAA",
    ):
        with pytest.raises(NotAToken):
            nkeys.read_token(wrong)


def test_a_credentials_file_holds_a_token_and_a_seed():
    text = f"-----BEGIN NATS USER JWT-----\neyJ.x.y\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{SEED}\n"
    assert read_credentials(text) == ("eyJ.x.y", SEED)
    for wrong in ("", "eyJ.x.y", text.replace(SEED, SEED[:-1])):
        with pytest.raises(ValueError):
            read_credentials(wrong)


def test_who_we_are_holds_for_every_server_of_a_cluster(settings, monkeypatch):
    monkeypatch.setenv("NATS_ISSUER_SEED", SEED)
    settings.NATS_URL = "tls://hu%40y:p%2Fw@n1:4222, tls://n2:4222"
    access = find_access()
    assert access.servers == ("tls://n1:4222", "tls://n2:4222")
    assert (access.user, access.password, access.issuer, access.account) == ("hu@y", "p/w", SEED, "$G")


def test_without_a_server_it_says_what_to_do(settings, tmp_path):
    settings.HUYING_DATA_DIR = tmp_path
    with pytest.raises(StreamUnavailable, match="NATS_URL"):
        find_access()
