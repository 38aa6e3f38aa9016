"""The repositories that the console shows in its tests."""

SCRIPT = "<script>alert('x')</script>"
IMAGE = "\"'><img src=x onerror=alert(1)>"
TURNED = "abc\u202e\u2066evil\u2069\u200b"
LONG = "very" * 400
RTL = "מזהה של משתמש"


def demo_tenant(agent, sample):
    """The sample repository with some history, a refused utility and a draft."""
    tenant = agent.tenant("demo")
    tenant.copy(sample)
    tenant.commit("Sixteen utilities for a security team")
    path = tenant.clone / "utils/indicators/refang_text.py"
    first = path.read_text()
    path.write_text(first.replace('"""', '"""Made readable. ', 1))
    tenant.commit("Say what refanging is\n\nThe first line was too short.", author="Ari")
    tenant.git("checkout", "-q", "-b", "topic")
    path.write_text(path.read_text() + "\n# Checked against the feed of March.\n")
    tenant.commit("Check against a feed", author="Mina")
    tenant.git("checkout", "-q", "main")
    tenant.git("merge", "-q", "--no-ff", "-m", "Merge the check", "topic", author="Kim")
    agent.applied(tenant.push(), "demo")
    tenant.git("checkout", "-q", "-b", "trial")
    entropy = tenant.clone / "utils/scoring/entropy_score.py"
    entropy.write_text(entropy.read_text() + "\n# A trial.\n")
    agent.applied(tenant.commit_and_push("Try another score", branch="trial"), "demo", "trial")
    tenant.git("checkout", "-q", "main")
    defang = tenant.clone / "utils/indicators/defang_urls.py"
    defang.write_text(defang.read_text() + "\nimport os\n")
    agent.applied(tenant.commit_and_push("Break defang_urls"), "demo", phase="degraded")
    return tenant


HOSTILE_CODE = f'''"""{SCRIPT}</pre></code>"""
# {IMAGE} {TURNED} {RTL}
ODD = "\x07\x7f\u2028\u2029\ufeff\u00ad\U000e0041"


def hostile_code(data, filter):
    """&lt;b&gt; &amp; <b>bold</b> {LONG}"""
    return f"<img src=x onerror=alert({{data}})>"
'''


def hostile_tenant(agent):
    """Texts that try to be markup, to hide, to turn around and to burst the page."""
    tenant = agent.tenant("hostile")
    tenant.write("hostile_code", code=HOSTILE_CODE, description=f"{SCRIPT} {IMAGE}",
                 displayname=f"{TURNED} {RTL}", category=f"{IMAGE}{RTL}",
                 input_label=SCRIPT, filter_label=IMAGE, outputs=[SCRIPT, {"name": IMAGE}])  # fmt: skip
    tenant.write("long_words", description=LONG * 3, displayname=LONG, category=LONG,
                 input_label=LONG, filter_label=LONG)  # fmt: skip
    # YAML's own escapes: it has no surrogate pairs, which JSON writes.
    tenant.write("odd_texts", description=None, displayname=None, category="javascript:alert(1)")
    with (tenant.clone / "utils/odd_texts.yaml").open("a") as sidecar:
        sidecar.write(r'''description: "\x01\x7f\u2028\U000E0041 {{constructor}} ${alert(1)}"
displayname: "\U0001F468\u200D\U0001F469\u200D\U0001F467"
''')
    body = "".join(f"def f{n}(x):\n    return '''{n}''' + x  # {n}\n\n" for n in range(20000))
    tenant.write("big_file", code=f"def big_file(data, filter):\n    return 1\n\n\n{body}")
    tenant.write("long_line", code=f"def long_line(data, filter):\n    return '{'x' * 500000}'\n")
    tenant.commit(f"{SCRIPT} {IMAGE} {TURNED}\n\n{SCRIPT}\n{LONG}", author="Mallory")
    path = tenant.clone / "utils/hostile_code.py"
    path.write_text(path.read_text() + f"# {SCRIPT}\n")
    agent.applied(tenant.commit_and_push(f"{RTL} {TURNED}", author="Mallory"), "hostile", phase="synced")
    return tenant
