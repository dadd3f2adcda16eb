"""Secrets never get through, whatever surrounds them; hostile text becomes inert; evidence stays readable."""

from __future__ import annotations

import base64
import json
import time
import unicodedata
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_audit.redaction import Redactor, contains_card_number, cut, inert, is_luhn_valid, mask

TAIL = "51Hqmw9EnylLNWUqjAbCdEfGhJkMnPq4f2a"
CARD = "4242424242424242"
SHAPES = {
    "secret key": "sk_test_" + TAIL,
    "live secret key": "sk_live_" + TAIL,
    "restricted key": "rk_live_" + TAIL,
    "ephemeral key": "ek_test_" + TAIL,
    "organisation key": "sk_org_live_" + TAIL,
    "webhook secret": "whsec_" + TAIL,
    "webhook secret in base64": "whsec_AbCdEfGhIjKl+/4f2aQRSTuvw==",
    "app signing secret": "absec_" + TAIL,
    "payment's client secret": "pi_3PabcEnylLNWUqj0aB_secret_KbCdEfGhIjKlMnOp",
    "set-up's client secret": "seti_1PabcEnylLNWUqj_secret_KbCdEfGhIjKlMnOp",
    "checkout's client secret": "cs_test_a1b2c3d4e5_secret_fidwbEhqYWAnPydmcHZxamgn",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "bearer": "Bearer AbCdEfGhIjKlMnOp",
    "basic": "Basic " + base64.b64encode(b"shop:password123").decode(),
    "password in a URL": "postgres://shop:hunter2hunter@db.internal/shop",
    "card": CARD,
}
HIDDEN = {
    "bearer": "AbCdEfGhIjKlMnOp",
    "basic": base64.b64encode(b"shop:password123").decode(),
    "password in a URL": "hunter2hunter",
}
SURROUNDINGS = {
    "alone": "{}",
    "prose": "the value is {}, it says",
    "lines": "first\n{}\nlast",
    "json": json.dumps({"k": "{}"}),
    "escaped json": json.dumps(json.dumps({"line": "a\n{}\n"})),
    "escaped newline": r"log: a\n{}\r\nb",
    "escaped code point": r"a\u000a{}\u000a",
    "assignment": "STRIPE_KEY={}",
    "quotes": "'{}'",
    "markup": "<b>{}</b>",
    "brackets": "[{}]",
    "tab": "a\t{}\tb",
    "ansi": "\x1b[31m{}\x1b[0m",
}


@pytest.mark.parametrize("around", SURROUNDINGS)
@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_of_secret_is_masked_wherever_it_stands(shape: str, around: str) -> None:
    secret = SHAPES[shape]
    text = SURROUNDINGS[around].replace("{}", secret)
    safe = Redactor().redact(text)
    assert HIDDEN.get(shape, secret) not in safe
    assert len(_longest_common(HIDDEN.get(shape, secret), safe)) <= 30  # a prefix, an id, the last four
    assert Redactor().redact(safe) == safe
    before, after = SURROUNDINGS[around].split("{}")
    assert safe.startswith(before)
    assert safe.endswith(after)


def _longest_common(one: str, other: str) -> str:
    return max((one[a:b] for a in range(len(one)) for b in range(a, len(one) + 1) if one[a:b] in other), key=len)


@pytest.mark.parametrize(
    "text",
    [
        urlencode({"k": SHAPES["secret key"]}),
        quote(f"key={SHAPES['live secret key']}&x=1", safe=""),
        quote(f"a b{SHAPES['restricted key']}"),
        "https://shop.example/pay?client_secret=" + SHAPES["payment's client secret"],
        "MY_" + SHAPES["live secret key"],
        "xx" + SHAPES["live secret key"],
    ],
)
def test_a_key_is_masked_in_addresses_and_glued_to_words(text: str) -> None:
    safe = Redactor().redact(text)
    assert "AbCdEfGh" not in safe
    assert "KbCdEfGh" not in safe


@pytest.mark.parametrize(
    "text",
    [
        "pk_test_" + TAIL,
        "pi_3PabcEnylLNWUqj0aB",
        "evt_1PabcEnylLNWUqj0aBcD",
        "acct_1Hqmw9EnylLNWUqj",
        "the risk_test_enabled flag and task_live_updates",
        '{"url":"http://localhost:3000","email":"joe@shop.example","x":1}',
        "http://127.0.0.1:3001/a?next=joe@shop.example",
        "see http://shop.example:8080, or write to joe@shop.example",
        "https://shop.example/@joe",
        "2026-11-24 19:11:46 2026-11-24 19:11:47",
        "0.4242424242424242",
        "order 4242424242424243",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "00000000000000000000",
        "4444444444444444",
        "1732475506000 1732475506000000000",
        "basic authentication, bearer of news",
    ],
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert Redactor().redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        "4242 4242 4242 4242",
        "4242-4242-4242-4242",
        "4242+4242+4242+4242",
        "4242%204242%204242%204242",
        "number=4242424242424242&cvc=123",
        "number%3D4242424242424242%26cvc",
        r"line\n4242424242424242",
        "4242 4242 4242 4242 123",
        "4242424242424242 12/34 123",
        "12/34 4242 4242 4242 4242",
        "123 4242424242424242",
        "3782 822463 10005",
        "378282246310005",
        "3056 930902 5904",
        "30569309025904",
        "5555555555554444",
        "2223003122003222",
        "6011111111111117",
        "4222222222222",
        "6205500000000000004",
        "x" * 100 + " 4242424242424242",
        "4242424242424242 4242424242424242",
        "4242\u00a04242\u00a04242\u00a04242",
    ],
)
def test_a_card_number_is_found_and_cut(text: str) -> None:
    assert contains_card_number(text)
    safe = Redactor().redact(text)
    assert not contains_card_number(safe)
    assert "…" in safe
    assert Redactor().redact(safe) == safe


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424243",
        "42424242424242424242424242",
        "id_4242424242424242",
        "abc4242424242424242def",
        "a4242424242424242",
        "4242.4242.4242.4242",
        "4242424242424242.5",
        "2026-11-24 19:11:46",
        "2024-01-15 10-30-45 1234",
        "+49 170 4242424",
        "4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2",
        "",
    ],
)
def test_what_only_resembles_a_card_number_is_none(text: str) -> None:
    assert not contains_card_number(text)


def test_a_cut_card_number_keeps_what_pci_lets_be_shown() -> None:
    assert Redactor().redact(f"paid with {CARD}.") == "paid with 424242…4242."


@given(st.integers(10**11, 10**18 - 1))
def test_every_digit_counts_for_the_check_digit(number: int) -> None:
    valid = [digit for digit in range(10) if is_luhn_valid(f"{number}{digit}")]
    assert len(valid) == 1


words = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="…"), max_size=40)
secrets = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="…"), min_size=6, max_size=80)


@given(st.lists(secrets, min_size=1, max_size=4), st.lists(words, min_size=2, max_size=6), st.data())
def test_no_known_secret_gets_through(known: list[str], between: list[str], data: st.DataObject) -> None:
    text = "".join(word + data.draw(st.sampled_from(known)) for word in between)
    redactor = Redactor(known)
    safe = redactor.redact(text)
    assert not any(secret in safe for secret in known)
    assert redactor.redact(safe) == safe


prefixes = st.sampled_from(["whsec_", "absec_", "sk_org_", "sk_live_", "sk_test_", "rk_live_", "pi_", "_secret_", "…"])
odd = st.lists(prefixes | st.text(alphabet="ab…", min_size=1, max_size=5), min_size=1, max_size=5).map("".join)


@given(st.lists(odd, min_size=1, max_size=4), st.lists(odd, max_size=4).map("".join))
def test_redaction_ends_whatever_is_called_a_secret(known: list[str], text: str) -> None:
    redactor = Redactor(known)
    safe = redactor.redact("".join(known) + text)
    assert redactor.redact(safe) == safe
    assert len(safe) <= len("".join(known) + text)


@pytest.mark.parametrize("secret", ["whsec_", "sk_live_", "sk_org_live_", "sk_test_a"])
def test_a_prefix_that_was_declared_as_a_secret_is_masked_and_ends(secret: str) -> None:
    assert secret not in Redactor([secret]).redact(f"a {secret} b {secret}")


small = st.text(alphabet="ab", min_size=6, max_size=24)


@given(st.lists(small, min_size=1, max_size=4), st.text(alphabet="ab", max_size=120))
def test_overlapping_secrets_leave_no_third_one(known: list[str], text: str) -> None:
    redactor = Redactor(known)
    safe = redactor.redact(text)
    assert not any(secret in safe for secret in known)
    assert redactor.redact(safe) == safe


def test_what_one_mask_leaves_does_not_complete_another_secret() -> None:
    safe = Redactor(["a long secret abcd", "abcdef"]).redact("a long secret abcdef")
    assert "abcdef" not in safe
    assert safe == "……"


@given(secrets.filter(lambda text: text.strip() == text), words)
def test_a_known_secret_is_found_in_json_and_in_addresses_too(secret: str, word: str) -> None:
    redactor = Redactor([secret])
    for written in (json.dumps({word: secret}), json.dumps(secret, ensure_ascii=False), quote(secret, safe="")):
        safe = redactor.redact(written)
        assert json.dumps(secret)[1:-1] not in safe
        assert quote(secret, safe="") not in safe or quote(secret, safe="") in quote(word)


pieces = st.one_of(
    st.sampled_from(sorted(SHAPES.values())),
    st.sampled_from(
        ["Bearer ", "://", "@", ":", "_secret_", "eyJ", ".", " ", "-", "sk_live_", "…", "4242", "\\n", "%20"]
    ),
    st.text(max_size=8),
)


@given(st.lists(pieces, max_size=12).map("".join))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    redactor = Redactor(["abcdefgh"])
    once = redactor.redact(text)
    assert redactor.redact(once) == once
    assert redactor.redact(inert(once)) == inert(once)


@pytest.mark.parametrize(
    "text",
    [
        "eyJ-" * 20_000,
        "eyJ" * 20_000,
        "Bearer" + " " * 80_000,
        "Bearer " * 12_000,
        "pi_a" * 20_000,
        "pi_aaaa-" * 10_000,
        "sk_live_" * 10_000,
        "a://" * 20_000,
        "a://b:" * 15_000,
        "a" * 80_000,
        "4242 " * 16_000,
        "42" * 40_000,
        "4 " * 40_000,
        "%204242" * 12_000,
        "whsec_" + "=" * 80_000,
    ],
    ids=lambda text: text[:12],
)
def test_no_text_makes_redaction_slow(text: str) -> None:
    redactor = Redactor(["some known secret", "other known secret"])
    began = time.process_time()
    redactor.redact(text)
    assert time.process_time() - began < 1


def test_headers_that_carry_secrets_are_hidden_and_the_rest_is_redacted() -> None:
    sent = [
        ("Authorization", "Bearer short"),
        ("Proxy-Authorization", "x"),
        ("Cookie", "session=abc; theme=dark"),
        ("X-Api-Key", "k1"),
        ("X-Shop-Token", "t1"),
        ("X-Client-Secret", "s1"),
        ("Set-Cookie", "session=abc=def; HttpOnly; Path=/"),
        ("Set-Cookie", "justavalue"),
        ("Set-Cookie", f"a=b; Path=/{SHAPES['live secret key']}"),
        ("Idempotency-Key", "order-1"),
        ("Location", f"https://shop.example/?s={SHAPES['secret key']}"),
        ("X-Debug", f"key={SHAPES['webhook secret']}"),
        ("Content-Type", "application/json"),
        (SHAPES["live secret key"], "1"),
    ]
    safe = Redactor().redact_headers(sent)
    assert safe[:6] == [(name, "[hidden]") for name, _ in sent[:6]]
    assert safe[6:8] == [("Set-Cookie", "session=[hidden]; HttpOnly; Path=/"), ("Set-Cookie", "[hidden]")]
    assert safe[9] == ("Idempotency-Key", "order-1")
    assert safe[12] == ("Content-Type", "application/json")
    assert TAIL not in str(safe)


def test_a_signature_header_can_be_recognised_but_not_replayed() -> None:
    value = "t=1790000000,v1=" + "ab" * 32 + ",v0=" + "cd" * 32
    assert Redactor().redact_headers([("Stripe-Signature", value)]) == [
        ("Stripe-Signature", "t=1790000000,v1=abababab…,v0=cdcdcdcd…")
    ]


def test_values_are_redacted_at_every_depth_keys_and_numbers_too() -> None:
    value: Any = {
        "a": [SHAPES["secret key"], {"b": (SHAPES["token"], 7, None, True, 1.5)}],
        SHAPES["live secret key"]: "x",
        "card": int(CARD),
        "raw": SHAPES["webhook secret"].encode(),
        "amount": 1999,
    }
    safe = Redactor().redact_value(value)
    assert safe["a"][1]["b"][1:] == [7, None, True, 1.5]
    assert safe["amount"] == 1999
    assert safe["card"] == "424242…4242"
    for secret in (TAIL, SHAPES["token"], CARD):
        assert secret not in str(safe)


def test_a_redactor_does_not_show_its_secrets() -> None:
    assert "hunter2" not in repr(Redactor(["hunter2hunter2"]))


def test_short_words_are_no_known_secrets() -> None:
    assert Redactor(["test", ""]).redact("a test of tests") == "a test of tests"


@pytest.mark.parametrize(
    ("secret", "masked"),
    [
        ("sk_test_" + TAIL, "sk_test_…4f2a"),
        ("hunter2", "…"),
        ("a" * 16, "…aaaa"),
        ("whsec_short", "whsec_…"),
        ("whsec_", "…"),
    ],
)
def test_a_mask_tells_secrets_apart_without_giving_them_away(secret: str, masked: str) -> None:
    assert mask(secret) == masked


HOSTILE = {
    "\x00": "␀",
    "\x07": "␇",
    "\x1b": "␛",
    "\r": "␍",
    "\x7f": "<U+007F>",
    "\x85": "<U+0085>",
    "\x9b": "<U+009B>",
    "\u200b": "<ZERO WIDTH SPACE>",
    "\u202e": "<RIGHT-TO-LEFT OVERRIDE>",
    "\u2066": "<LEFT-TO-RIGHT ISOLATE>",
    "\u2028": "<LINE SEPARATOR>",
    "\ufeff": "<ZERO WIDTH NO-BREAK SPACE>",
    "\u3164": "<HANGUL FILLER>",
    "\U000e0041": "<TAG LATIN CAPITAL LETTER A>",
    "\ud800": "<U+D800>",
    "\ufffe": "<U+FFFE>",
    "\uffff": "<U+FFFF>",
}


@pytest.mark.parametrize("character", HOSTILE, ids=lambda text: f"{ord(text):04x}")
def test_invisible_and_controlling_characters_become_visible(character: str) -> None:
    assert inert(f"a{character}b") == f"a{HOSTILE[character]}b"


def test_terminal_sequences_lose_their_power_and_keep_their_text() -> None:
    assert inert("\x1b[2J\x1b]8;;http://x\x07y") == "␛[2J␛]8;;http://x␇y"


def test_newlines_tabs_and_letters_of_every_script_stay() -> None:
    text = "a\tb\nçà 日本語 العربية 👩 ✅"
    assert inert(text) == text
    assert inert("a\r\nb") == "a\nb"


@given(st.text(alphabet=st.characters()))
def test_inert_text_is_inert_and_stays_as_it_is(text: str) -> None:
    safe = inert(text)
    assert inert(safe) == safe
    safe.encode()
    for character in safe:
        assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "PDF",
            "LRO",
            "RLO",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )


def test_a_limit_cuts_and_says_so() -> None:
    assert inert("abcdef", 4) == "abcd… (2 more characters)"
    assert inert("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("short", 5, "short"),
        ("two words", 9, "two words"),
        ("two words", 8, "two…"),
        ("two words", 4, "two…"),
        ("two words", 3, "two…"),
        ("two words", 2, "…"),
        ("sk_test_51Aaaaaaaaaaaaaaaa", 12, "…"),
        ("a sk_test_51Aaaaaaaaaaaaaaaa b", 20, "a…"),
        ("", 0, ""),
    ],
)
def test_a_cut_goes_through_no_word(text: str, limit: int, shown: str) -> None:
    assert cut(text, limit) == shown


def test_a_cut_is_quick_however_long_the_word_is() -> None:
    import time

    began = time.perf_counter()
    assert cut("x" * 5_000_000, 4_000_000) == "…"
    assert time.perf_counter() - began < 1
