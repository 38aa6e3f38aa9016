"""What each utility answers to real input."""

import base64
import gzip
import json
import random
import time
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
NAMES = sorted(path.stem for path in ROOT.glob("utils/**/*.py"))

HEADERS = """\
Return-Path: <bounce@mailer.example>
Received: from mx.acme.example (mx.acme.example [192.0.2.10]) by mail.acme.example with ESMTPS id abc
 for <dana@acme.example>; Tue, 03 Mar 2026 10:00:09 +0000 (UTC)
Received: from relay.mailer.example (unknown [203.0.113.7])
\tby mx.acme.example with ESMTP; Tue, 3 Mar 2026 11:00:04 +0100 (CET)
Authentication-Results: mx.acme.example;
 spf=pass (sender ok) smtp.mailfrom=mailer.example; dkim=none; dmarc=fail (p=reject) header.from=bank.example
From: =?UTF-8?B?U2VjdXJpdHkg4pyT?= <alerts@bank.example>
Reply-To: help@evil.example
To: Dana <dana@acme.example>, omar@acme.example
Subject: =?utf-8?q?Your_account?=
Date: Tue, 3 Mar 2026 10:00:00 +0000
Message-ID: <1@mailer.example>

body: not a header
"""


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


JWT = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': 'dana', 'iat': 1767225600, 'exp': 1767229200})}.c2ln"

EXAMPLES = {
    "csv_to_json": ("host,port\nweb1,443\n", "types=yes"),
    "decode_base64": ("aGVsbG8gd29ybGQ=", ""),
    "decode_jwt": (JWT, ""),
    "dedupe_alerts": ([{"rule": "a", "host": "h"}, {"rule": "a", "host": "h"}], ""),
    "defang_urls": ("see http://evil.example/x", ""),
    "entropy_score": ("xj4k9qpz7vw2", ""),
    "extract_indicators": ("hxxp://evil[.]example and 203.0.113.7", ""),
    "find_lookalike_domains": ("paypa1.com", "paypal.com"),
    "json_to_csv": ([{"a": 1, "b": {"c": "x"}}], ""),
    "mask_sensitive_data": ("password=hunter22", ""),
    "match_cidr_list": ("10.1.2.3", "10.0.0.0/8"),
    "normalise_timestamps": ("1700000000", ""),
    "parse_email_headers": (HEADERS, ""),
    "parse_syslog_line": ("<34>Oct 11 22:14:15 web1 su[12]: failed", ""),
    "refang_text": ("hxxps://evil[.]example", ""),
    "score_cvss_vector": ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", ""),
}


# Every utility


def test_every_utility_has_an_example():
    assert sorted(EXAMPLES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_answers_with_its_declared_outputs(utility, name):
    data, filter = EXAMPLES[name]
    before = json.dumps([data, filter])
    answer = utility(name)(data, filter)
    assert json.dumps([data, filter]) == before, "it changed its input"
    assert utility(name)(data, filter) == answer, "it is not deterministic"
    json.dumps(answer, allow_nan=False)
    (sidecar,) = ROOT.glob(f"utils/**/{name}.y*ml")
    declared = yaml.safe_load(sidecar.read_text("utf-8"))["outputs"]
    names = [output if isinstance(output, str) else output["name"] for output in declared]
    assert list(answer) == names


@pytest.mark.parametrize("name", NAMES)
def test_refuses_nothing_at_all(utility, name):
    for data in (None, "", " \n", [], {}, [None, True]):
        with pytest.raises(ValueError) as refused:
            utility(name)(data, EXAMPLES[name][1])
        assert len(str(refused.value)) > 8


@pytest.mark.parametrize("name", NAMES)
def test_any_input_gets_an_answer_or_a_clear_refusal(utility, name):
    rng = random.Random(name)
    data, filter = EXAMPLES[name]
    source = data if isinstance(data, str) else json.dumps(data)
    deep = []
    for _ in range(3000):
        deep = [deep, 1]
    odd = ["\ud800\x00\x7f", "é\u202e\U0001f600", "\ufeff", "[" * 5000, '{"a":' * 3000, "(" * 5000, "From: " + "(" * 5000]
    odd += [1, -1, 1e308, float("nan"), float("inf"), True, 10**30, [[]], {"a": {"b": [None, 1.5]}}, deep, [deep]]
    odd += [[{"a": deep}], [{"timestamp": deep, "rule": deep}], '[{"a": 1e999}]', "9" * 5000, [1, "x", None]]
    calls = [(value, filter) for value in odd] + [(data, value) for value in odd if not isinstance(value, bool)]
    for _ in range(400):
        letters = list(source)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(letters) + 1)
            letters[place : place + rng.randint(0, 3)] = rng.choice(
                ["", "\n", "=", "/", ".", ":", '"', "[", "]", "\x00", "é", "0", "-", ";", ",", " ", "<", "\ud801"]
            )
        calls.append(("".join(letters), filter))
        calls.append((data, "".join(rng.choice("a1=,;:/. -\n[") for _ in range(rng.randint(0, 12)))))
    for data, filter in calls:
        try:
            answer = utility(name)(data, filter)
        except ValueError as refused:
            assert 0 < len(str(refused)) < 400
        else:
            try:
                json.dumps(answer, allow_nan=False)
            except (RecursionError, ValueError):
                # What came in as it is may go out as it is; nothing else may be unserialisable.
                assert isinstance(data, list)


@pytest.mark.parametrize("name", NAMES)
def test_no_input_takes_long(utility, name):
    size = 50_000
    blocks = ["a", "a.", "a-", "1", "1.", ":", "0:", "(", ")", " ", "\t\n", "@", "a@", "=", "A", "/", "http://", "-"]
    blocks += ['"', ",", "<", "[.]", "h", "eyJ", "password=", "\\", "a,", "x\n", "Received: \n", "[", "1 ", "-----BEGIN PRIVATE KEY-----"]
    head = "<34>1 2003-10-11T22:14:15Z h a p m [x "
    for block in blocks:
        for prefix in ("", "From: ", head if name == "parse_syslog_line" else "a.b "):
            began = time.perf_counter()
            try:
                utility(name)(prefix + block * (size // len(block)), EXAMPLES[name][1])
            except ValueError:
                pass
            assert time.perf_counter() - began < 2, f"{block!r} after {prefix!r}"


# Indicators


def test_extract_indicators(utility):
    answer = utility("extract_indicators")(
        "Beacon to hxxps://evil[.]example/gate.php?id=1 (see https://en.wikipedia.org/wiki/Foo_(bar)), 203.0.113.7, "
        "2001:db8:0::1 at 12:34:56; billing(at)paypa1[.]com drops setup.exe, setup.py, invoice.pdf "
        "D41D8CD98F00B204E9800998ECF8427E, uses cve-2024-3094 and CVE-2024-3094. 999.1.1.1 1.2.3.4.5 std::dead "
        "aa:bb:cc:dd:ee:ff http://[2001:db8::2]:8080/x",
        "",
    )
    assert answer == {
        "ipv4": ["203.0.113.7"],
        "ipv6": ["2001:db8::1", "2001:db8::2"],
        "domains": ["evil.example", "en.wikipedia.org", "paypa1.com"],
        "urls": [
            "https://evil.example/gate.php?id=1",
            "https://en.wikipedia.org/wiki/Foo_(bar)",
            "http://[2001:db8::2]:8080/x",
        ],
        "emails": ["billing@paypa1.com"],
        "md5": ["d41d8cd98f00b204e9800998ecf8427e"],
        "sha1": [],
        "sha256": [],
        "sha512": [],
        "cves": ["CVE-2024-3094"],
        "count": 12,
    }


def test_extract_indicators_from_json_and_by_kind(utility):
    data = {"alert": ["10.0.0.1", {"note": "x.org, " + "a" * 64}]}
    assert utility("extract_indicators")(data, "IPv4, sha256") == {"ipv4": ["10.0.0.1"], "sha256": ["a" * 64], "count": 2}
    with pytest.raises(ValueError, match="unknown kind 'ip'"):
        utility("extract_indicators")(data, "ip")


def test_defang(utility):
    answer = utility("defang_urls")(
        "http://evil.example/a.b?c=d.e, https://intra.acme.example/x, mail bob@evil.example, 203.0.113.7, hxxp://old[.]example",
        "acme.example",
    )
    assert answer["text"] == (
        "hxxp://evil[.]example/a.b?c=d.e, https://intra.acme.example/x, mail bob[@]evil[.]example, "
        "203[.]0[.]113[.]7, hxxp://old[.]example"
    )
    assert answer["defanged"] == ["http://evil.example/a.b?c=d.e", "bob@evil.example", "203.0.113.7"]


def test_defang_and_refang_are_inverse_and_settle(utility):
    text = "https://user@evil.example:8443/p?q#f, ftp://a.b.example, x@y.example, 2001:db8::1, sub.evil.example"
    once = utility("defang_urls")(text, "")["text"]
    assert utility("refang_text")(once, "")["text"] == text
    assert utility("defang_urls")(once, "")["text"] == once


@pytest.mark.parametrize(
    ("defanged", "real"),
    [
        ("hXXps://evil[.]example", "https://evil.example"),
        ("hxxp[:]//evil(dot)example", "http://evil.example"),
        ("hxxp[://]evil{.}example[/]x", "http://evil.example/x"),
        ("h**p://evil [.] example", "http://evil.example"),
        ("evil\\.example", "evil.example"),
        ("10[.]0[.]0[.1", "10.0.0.1"),
        ("bob [at] evil [DOT] example", "bob@evil.example"),
        ("meow:// (see below)", "meow:// (see below)"),
    ],
)
def test_refang(utility, defanged, real):
    assert utility("refang_text")(defanged, "")["text"] == real


# E-mail


def test_parse_email_headers(utility):
    answer = utility("parse_email_headers")(HEADERS, "")
    assert answer["subject"] == "Your account"
    assert answer["from"] == [{"name": "Security ✓", "address": "alerts@bank.example"}]
    assert [to["address"] for to in answer["to"]] == ["dana@acme.example", "omar@acme.example"]
    assert answer["return_path"] == "bounce@mailer.example"
    assert answer["date"] == "2026-03-03T10:00:00Z"
    assert answer["authentication"] == {
        "spf": "pass", "dkim": "none", "dmarc": "fail", "arc": None, "server": "mx.acme.example"
    }  # fmt: skip
    assert [(hop["from"], hop["ip"], hop["by"], hop["delay_seconds"]) for hop in answer["hops"]] == [
        ("relay.mailer.example", "203.0.113.7", "mx.acme.example", None),
        ("mx.acme.example", "192.0.2.10", "mail.acme.example", 5.0),
    ]
    assert answer["hops"][1]["for"] == "dana@acme.example"
    assert answer["total_delay_seconds"] == 5.0
    assert answer["notes"] == [
        "Return-Path is at mailer.example, From at bank.example",
        "replies go to help@evil.example",
        "DKIM says none",
        "DMARC says fail",
    ]


def test_only_the_trusted_server_authenticates(utility):
    forged = "Authentication-Results: evil.example; dmarc=pass\n" + HEADERS
    assert utility("parse_email_headers")(forged, "mx.acme.example")["authentication"]["dmarc"] == "fail"
    assert utility("parse_email_headers")(HEADERS, "other.example")["authentication"]["server"] is None


@pytest.mark.parametrize(
    ("domain", "imitates"),
    [
        ("paypa1.com", "paypal.com"),
        ("paypal.co", "paypal.com"),
        ("pay-pal.com", "paypal.com"),
        ("paypal-login.com", "paypal.com"),
        ("www.paypal.com.evil.example", "paypal.com"),
        ("rnicrosoft.com", "microsoft.com"),
        ("mircosoft.com", "microsoft.com"),
        ("\u0430pple.com", "apple.com"),
        ("xn--pple-43d.com", "apple.com"),
        ("hxxps://login.app1e[.]com/x", "apple.com"),
        ("google.com", None),
        ("login.paypal.com", None),
    ],
)
def test_find_lookalike_domains(utility, domain, imitates):
    answer = utility("find_lookalike_domains")(domain, "paypal.com, microsoft.com apple.com")
    assert [match["imitates"] for match in answer["matches"]] == ([imitates] if imitates else [])
    assert answer["count"] + len(answer["clean"]) == 1


# Network


def test_match_cidr_list(utility):
    answer = utility("match_cidr_list")(
        "10.1.2.3, 10.9.9.9 8.8.8.8\n::ffff:10.0.0.1 2001:db8::5 192.0.2.1 host",
        "10.0.0.0/8=office, 10.1.0.0/16=lab; 8.8.8.0-8.8.8.9, 2001:db8::/32",
    )
    assert [(m["address"], m["network"], m["label"]) for m in answer["matched"]] == [
        ("10.1.2.3", "10.1.0.0/16", "lab"),
        ("10.9.9.9", "10.0.0.0/8", "office"),
        ("8.8.8.8", "8.8.8.0-8.8.8.9", ""),
        ("::ffff:10.0.0.1", "10.0.0.0/8", "office"),
        ("2001:db8::5", "2001:db8::/32", ""),
    ]
    assert answer["matched"][0]["all_networks"] == ["10.1.0.0/16", "10.0.0.0/8"]
    assert answer["unmatched"] == ["192.0.2.1"]
    assert answer["invalid"] == ["host"]
    for filter in ("", None, "10.0.0.0/33", "10.0.0.9-10.0.0.1", "10.0.0.1-::1"):
        with pytest.raises(ValueError, match="filter"):
            utility("match_cidr_list")("10.0.0.1", filter)


def test_parse_syslog_line(utility):
    answer = utility("parse_syslog_line")(
        '<165>1 2003-10-11T22:14:15.003Z web1.example evntslog - ID47 [a@1 iut="3" s="say \\"hi\\""][b@1 c="d"] An event\n'
        "<34>Oct 11 22:14:15 web1 su[12]: 'su root' failed\n"
        "Oct  1 02:14:15 web1 kernel: up\n"
        "<999>Oct 11 22:14:15 web1 su: no\nhello",
        "year=2025, zone=+02:00",
    )
    first, second, third = answer["records"]
    assert (first["facility"], first["severity"], first["timestamp"]) == ("local4", "notice", "2003-10-11T22:14:15.003Z")
    assert first["structured_data"] == {"a@1": {"iut": "3", "s": 'say "hi"'}, "b@1": {"c": "d"}}
    assert (first["app"], first["pid"], first["message"]) == ("evntslog", None, "An event")
    assert (second["facility"], second["severity"], second["timestamp"]) == ("auth", "critical", "2025-10-11T20:14:15Z")
    assert (second["app"], second["pid"], second["message"]) == ("su", "12", "'su root' failed")
    assert (third["facility"], third["timestamp"], third["app"]) == (None, "2025-10-01T00:14:15Z", "kernel")
    assert len(answer["unparsed"]) == 2


# Data


def test_csv_to_json(utility):
    convert = utility("csv_to_json")
    answer = convert('\ufeffip;port;up;note\n10.0.0.1;443;true;"a;\nb"\n10.0.0.2;007;;x;y\n', "types=yes")
    assert answer["delimiter"] == ";"
    assert answer["rows"] == [
        {"ip": "10.0.0.1", "port": 443, "up": True, "note": "a;\nb"},
        {"ip": "10.0.0.2", "port": "007", "up": None, "note": "x", "column_5": "y"},
    ]
    assert answer["warnings"] == ["line 4 has 5 cells, not 4"]
    assert convert("a,a,,a\n1,2,3,4", "")["rows"] == [{"a": "1", "a_2": "2", "column_3": "3", "a_3": "4"}]
    assert convert("1|2\n3|4", "delimiter=|, header=no")["rows"][1] == {"column_1": "3", "column_2": "4"}
    assert convert("x\ty\n1\t2", "delimiter=tab")["rows"] == [{"x": "1", "y": "2"}]
    with pytest.raises(ValueError, match="unknown setting"):
        convert("a,b", "separator=;")


def test_json_to_csv(utility):
    convert = utility("json_to_csv")
    data = [{"host": "web1", "owner": {"mail": "a@b.example"}, "tags": ["x", "y"]}, {"host": "=1+1", "risk": -2}]
    answer = convert(data, "")
    assert answer["csv"] == "host,owner.mail,tags,risk\r\nweb1,a@b.example,x; y,\r\n'=1+1,,,-2\r\n"
    assert answer["escaped_formulas"] == 1
    assert convert(json.dumps(data), "columns=risk host, delimiter=semicolon")["csv"] == "risk;host\r\n;web1\r\n-2;'=1+1\r\n"
    assert convert('{"a": 1}\n{"a": "x,y"}', None)["csv"] == 'a\r\n1\r\n"x,y"\r\n'


@pytest.mark.parametrize(
    ("data", "text", "layers"),
    [
        ("aGVsbG8gd29ybGQ=", "hello world", ["base64"]),
        ("aGVsbG8gd29y\nbGQ", "hello world", ["base64"]),
        ("data:text/plain;charset=utf-8;base64,aGk_", "hi?", ["data uri"]),
        (base64.urlsafe_b64encode("\u00ff\u00fe?>~~".encode()).decode(), "ÿþ?>~~", None),
        (base64.b64encode(base64.b64encode(b"hello world, nested")).decode(), "hello world, nested", ["base64"] * 2),
        (base64.b64encode(gzip.compress(b"zipped", mtime=0)).decode(), "zipped", ["base64", "gzip"]),
        (
            "powershell -nop -enc " + base64.b64encode("IEX (New-Object Net.WebClient)".encode("utf-16-le")).decode(),
            "IEX (New-Object Net.WebClient)",
            ["base64"],
        ),
        ("TVqQAAMA", None, ["base64"]),
    ],
)
def test_decode_base64(utility, data, text, layers):
    answer = utility("decode_base64")(data, "")
    assert answer["text"] == text
    assert layers is None or answer["layers"] == layers
    assert (answer["file_type"] == "Windows executable") == (text is None)


def test_decode_base64_stops(utility):
    nested = b"hello world, nested"
    for _ in range(4):
        nested = base64.b64encode(nested)
    assert len(utility("decode_base64")(nested.decode(), "2")["layers"]) == 2
    with pytest.raises(ValueError, match="layer is larger"):
        utility("decode_base64")(base64.b64encode(gzip.compress(bytes(5_000_000))).decode(), "")
    with pytest.raises(ValueError, match="no base64"):
        utility("decode_base64")("!!", "")


def test_decode_jwt(utility):
    decode = utility("decode_jwt")
    answer = decode("Bearer " + JWT, "")
    assert answer["claims"]["sub"] == "dana"
    assert (answer["issued_at"], answer["expires_at"]) == ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")
    assert answer["state"] == "unknown"
    assert decode(JWT, "2026-01-01T00:30:00Z")["state"] == "valid"
    assert decode(JWT, "1767229200")["state"] == "expired"
    assert decode(f"{part({'alg': 'none'})}.{part({'nbf': 2e9})}.", "2026-01-01")["state"] == "not yet valid"
    notes = " ".join(decode(f"{part({'alg': 'none', 'kid': '../../dev/null'})}.{part({})}.", "")["notes"])
    assert "not signed" in notes and "never expires" in notes and "kid" in notes
    with pytest.raises(ValueError, match="3 parts"):
        decode("a.b", "")
    with pytest.raises(ValueError, match="not a JSON object"):
        decode(f"{part([])}.{part({})}.", "")


def test_dedupe_alerts(utility):
    alerts = [
        {"rule": "brute force", "src": {"ip": "203.0.113.7"}, "timestamp": "2026-03-03T10:00:00Z"},
        {"rule": "Brute Force ", "src": {"ip": "203.0.113.7"}, "timestamp": 1772532300},
        {"rule": "brute force", "src": {"ip": "203.0.113.8"}, "timestamp": "2026-03-03T10:01:00Z"},
        {"rule": "brute force", "src": {"ip": "203.0.113.7"}, "timestamp": "2026-03-03T12:00:00Z"},
    ]
    answer = utility("dedupe_alerts")(alerts, "fields=rule src.ip, window=15m")
    assert [(a["count"], a["first_seen"], a["last_seen"]) for a in answer["alerts"]] == [
        (2, "2026-03-03T10:00:00Z", "2026-03-03T10:05:00Z"),
        (1, "2026-03-03T10:01:00Z", "2026-03-03T10:01:00Z"),
        (1, "2026-03-03T12:00:00Z", "2026-03-03T12:00:00Z"),
    ]
    assert (answer["received"], answer["kept"], answer["dropped"]) == (4, 3, 1)
    assert utility("dedupe_alerts")(json.dumps(alerts), "")["kept"] == 1
    with pytest.raises(ValueError, match="needs a time"):
        utility("dedupe_alerts")([{"rule": "a"}], "window=1h")


def test_mask_sensitive_data(utility):
    answer = utility("mask_sensitive_data")(
        "card 4111 1111 1111 1111, order 4111111111111112, IBAN DE89 3704 0044 0532 0130 00, key AKIAIOSFODNN7EXAMPLE, "
        f"password=hunter22 dana@acme.example {JWT}",
        "",
    )
    assert answer["text"] == (
        "card [card], order 4111111111111112, IBAN [iban], key [aws_key], password=[password] [email] [jwt]"
    )
    assert answer["masked"] == 6
    assert utility("mask_sensitive_data")("dana@acme.example", "emails")["masked"] == 0


# Scoring


@pytest.mark.parametrize(
    ("vector", "base", "temporal", "environmental", "severity"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, 9.8, 9.8, "Critical"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0, 10.0, 10.0, "Critical"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, 0.0, 0.0, "None"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, 6.1, 6.1, "Medium"),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8, 7.8, 7.8, "High"),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1, 3.1, 3.1, "Low"),
        ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4, 6.4, 6.4, "Medium"),
        ("CVSS:3.1/AV:P/AC:H/PR:L/UI:R/S:U/C:L/I:H/A:H/E:H/RL:U/RC:U", 5.8, 5.4, 5.4, "Medium"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:P/RL:O/CR:H/MAV:A", 10.0, 9.0, 8.7, "High"),
        # Where floating-point noise must not lift 4.6 to 4.7.
        ("CVSS:3.0/AV:P/AC:H/PR:L/UI:R/S:U/C:L/I:H/A:L/RC:U", 5.0, 4.6, 4.6, "Medium"),
    ],
)
def test_score_cvss_vector(utility, vector, base, temporal, environmental, severity):
    answer = utility("score_cvss_vector")(vector, "")
    assert (answer["base_score"], answer["temporal_score"], answer["environmental_score"]) == (base, temporal, environmental)
    assert answer["severity"] == severity
    assert answer["score"] == environmental


def test_own_metrics_and_refusals(utility):
    score = utility("score_cvss_vector")
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"
    assert score(vector, "E:P/RL:O/CR:H/MAV:A")["score"] == 8.7
    assert score(vector.lower(), "")["vector"] == vector
    for data, filter, message in [
        ("CVSS:4.0/AV:N", "", "not supported"),
        ("CVSS:3.1/AV:N", "", "lacks AC, PR"),
        (vector + "/AV:N", "", "given twice"),
        (vector.replace("AV:N", "AV:Q"), "", "AV cannot be 'Q'"),
        (vector, "AV:L", "use MAV"),
    ]:
        with pytest.raises(ValueError, match=message):
            score(data, filter)


def test_entropy_score(utility):
    answer = utility("entropy_score")("aaaaaaaa\nabababab\nxj4k9qpz7vw2\nabc", "")
    assert [(s["value"], s["entropy"]) for s in answer["scores"]] == [
        ("xj4k9qpz7vw2", 3.585), ("abc", 1.585), ("abababab", 1.0), ("aaaaaaaa", 0.0)
    ]  # fmt: skip
    assert answer["suspicious"] == ["xj4k9qpz7vw2"]
    assert utility("entropy_score")("abababab", "1")["suspicious"] == ["abababab"]


# Time


@pytest.mark.parametrize(
    ("value", "utc", "form"),
    [
        ("1700000000", "2023-11-14T22:13:20Z", "epoch seconds"),
        (1700000000.5, "2023-11-14T22:13:20.500Z", "epoch seconds"),
        ("1700000000123", "2023-11-14T22:13:20.123Z", "epoch milliseconds"),
        ("1700000000123456", "2023-11-14T22:13:20.123456Z", "epoch microseconds"),
        ("1700000000123456789", "2023-11-14T22:13:20.123456Z", "epoch nanoseconds"),
        ("133444736000000000", "2023-11-14T22:13:20Z", "windows filetime"),
        ("-1", "1969-12-31T23:59:59Z", "epoch seconds"),
        ("2023-11-14T22:13:20+02:00", "2023-11-14T20:13:20Z", "iso 8601"),
        ("2023-11-14 22:13:20,5 UTC", "2023-11-14T22:13:20.500Z", "iso 8601"),
        ("20231114T221320Z", "2023-11-14T22:13:20Z", "iso 8601"),
        ("2023-W46-2", "2023-11-14T00:00:00Z", "iso 8601"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "iso 8601"),
        ("20231114221320", "2023-11-14T22:13:20Z", "compact"),
        ("Tue, 14 Nov 2023 22:13:20 GMT", "2023-11-14T22:13:20Z", "rfc 2822"),
        ("14 Nov 2023 22:13:20 -0500", "2023-11-15T03:13:20Z", "rfc 2822"),
        ("[14/Nov/2023:22:13:20 -0700]", "2023-11-15T05:13:20Z", "apache access log"),
        ("[Tue Nov 14 22:13:20.123456 2023]", "2023-11-14T22:13:20.123456Z", "apache error log"),
        ("2023/11/14 22:13:20", "2023-11-14T22:13:20Z", "nginx error log"),
        ("Nov 14 22:13:20", "2023-11-14T22:13:20Z", "syslog"),
        ("31/Feb/2023:00:00:00 +0000", None, None),
        ("99999999999999999999", None, None),
        ("yesterday", None, None),
    ],
)
def test_normalise_timestamps(utility, value, utc, form):
    (result,) = utility("normalise_timestamps")([value], "year=2023")["results"]
    assert (result["utc"], result["format"]) == (utc, form)
    assert bool(result["error"]) == (utc is None)


def test_normalise_timestamps_with_zone(utility):
    answer = utility("normalise_timestamps")("2023-11-14 22:13:20\n2023-11-14T22:13:20Z\nnever", "zone=+02:00")
    assert [result["utc"] for result in answer["results"]] == ["2023-11-14T20:13:20Z", "2023-11-14T22:13:20Z", None]
    assert (answer["earliest"], answer["span_seconds"], answer["failed"]) == ("2023-11-14T20:13:20Z", 7200.0, 1)
    with pytest.raises(ValueError, match="offset"):
        utility("normalise_timestamps")("0", "zone=Berlin")
