"""A page of the console, watched: errors, refused content and requests to anywhere else are faults."""

import json
import time

WATCH = """
  addEventListener("securitypolicyviolation", (event) =>
    console.error("refused by policy:", event.violatedDirective, event.blockedURI));
"""


class Screen:
    """One page in a context of its own."""

    def __init__(self, browser, address, width, height, scheme, expected=(), lacking=(), **options):
        self.address = address
        # What the browser reports of answers that a test asks for, such as a 401.
        self.expected = list(expected)
        self.lacking = lacking
        self.faults = []
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme,
            permissions=["clipboard-read", "clipboard-write"], **options,
        )  # fmt: skip
        self.page = self.context.new_page()
        self.page.set_default_timeout(15000)
        self.page.add_init_script(WATCH)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        self.page.on("request", self._on_request)
        self.page.on("dialog", self._on_dialog)

    def _on_console(self, message):
        # The browser's own report of a route that this agent does not have.
        if any(path in message.location.get("url", "") for path in self.lacking):
            return
        if message.type in ("error", "warning") and not any(
            text in message.text for text in self.expected
        ):
            self.faults.append(f"console {message.type}: {message.text}")

    def _on_request(self, request):
        if not request.url.startswith((self.address, "blob:")):
            self.faults.append(f"a request to {request.url}")

    def _on_dialog(self, dialog):
        self.faults.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, hash="#/", wait=True):
        self.page.goto(f"{self.address}/{hash}")
        if wait:
            self.settled()

    def go(self, hash):
        """Follows an address inside of the page."""
        # The page hears of it in a later task: until then it would look settled.
        self.page.evaluate(
            "hash => new Promise((done) => { const before = location.hash; location.hash = hash;"
            " if (location.hash === before) done();"
            " else addEventListener('hashchange', () => done(), { once: true }); })",
            hash,
        )
        self.settled()

    def settled(self):
        """Waits until nothing is on its way any more."""
        self.until(
            "document.querySelector('main h1') && !document.querySelector('.loading')"
            " && document.querySelector('main').getAttribute('aria-busy') !== 'true'"
        )

    def until(self, expression):
        """Waits until an expression is true; asked from outside, since the policy allows no eval."""
        deadline = time.monotonic() + 15
        while not self.page.evaluate(expression):
            assert time.monotonic() < deadline, f"never true: {expression}\n{self.text()[:2000]}"
            self.page.wait_for_timeout(20)

    def text(self, selector="main"):
        return self.page.locator(selector).inner_text()

    def overflow(self):
        """By how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    def focused(self):
        """What the focus is on: its role or tag, and its name."""
        return self.page.evaluate(
            "() => { const e = document.activeElement, isField = /^(INPUT|SELECT)$/.test(e.tagName);"
            " const name = isField ? e.id : e.getAttribute('aria-label') || e.innerText || e.id;"
            " return `${e.tagName.toLowerCase()}:${name.trim().split('\\n')[0]}`; }"
        )

    def heading_focused(self, name):
        """Waits until the page's heading is `name` and has the focus, also where a key's navigation has yet to begin."""
        self.until(
            "document.activeElement.tagName === 'H1'"
            f" && document.activeElement.innerText.trim().split('\\n')[0] === {json.dumps(name)}"
        )

    def call(self, module, body, *arguments):
        """Runs code with one of the console's modules: `m` is the module, `a` the arguments."""
        return self.page.evaluate(
            f"async (a) => {{ const m = await import('/console/{module}'); {body} }}", list(arguments)
        )

    def close(self):
        self.context.close()
        return self.faults
