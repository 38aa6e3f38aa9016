// The console: one view at a time, chosen by the address; what is live; what is said aloud.
import { h, render } from "./dom.js";
import { readHealth } from "./api.js";
import { Announcer } from "./events.js";
import { Follower } from "./live.js";
import { parse } from "./route.js";
import { header } from "./shell.js";
import { onToken } from "./session.js";
import { when } from "./format.js";
import { notice } from "./parts.js";
import { signedOutReason, tokenForm, TokenView } from "./token-view.js";
import { TenantsView } from "./tenants-view.js";
import { TenantView } from "./tenant-view.js";
import { UtilityView } from "./utility-view.js";
import { CommitView } from "./commit-view.js";
import { UnknownView } from "./unknown-view.js";

const views = {
  tenants: TenantsView,
  tenant: TenantView,
  utility: UtilityView,
  commit: CommitView,
  token: TokenView,
  unknown: UnknownView,
};
const place = (id) => document.getElementById(id);
// Several events of one push are one reading.
const calm = 150;

class App {
  route = parse(location.hash);
  #view = null;
  #follower = null;
  #health = null;
  #isDue = false;
  #look = null;
  #announcer = new Announcer((text) => this.say(text));

  start() {
    addEventListener("hashchange", () => this.#navigate());
    addEventListener("online", () => this.#view?.load?.());
    document.addEventListener("console:say", (event) => this.say(event.detail));
    place("skip").addEventListener("click", (event) => {
      event.preventDefault();
      place("main").focus();
    });
    onToken(() => this.#open(false));
    // What is said as "3 min ago" grows old by itself.
    setInterval(() => this.update(), 20000);
    setInterval(() => this.#readHealth(), 30000);
    this.#readHealth();
    this.#open(false);
  }

  /// Goes to another address.
  go(hash) {
    if (location.hash === hash) this.#open(true);
    else location.hash = hash;
  }

  /// Takes over an address without a step in the history, such as each letter of a search.
  replace(hash) {
    history.replaceState(null, "", hash);
    this.route = parse(location.hash);
    this.update();
  }

  /// Draws what has changed, once for all changes of this moment.
  update() {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  /// Says something to those who do not see the page.
  say(text) {
    // The same words twice would be no change, and not be said.
    const said = place("said");
    said.textContent = said.textContent === text ? `${text}\u00a0` : text;
  }

  #navigate() {
    const before = this.route;
    this.route = parse(location.hash);
    if (before.name === this.route.name && this.#view?.navigate?.(this.route)) {
      this.update();
      return;
    }
    this.#open(true);
  }

  #open(moveFocus) {
    this.#view?.close?.();
    this.#follower?.close();
    this.#follower = null;
    this.#view = new views[this.route.name](this, this.route);
    this.#follow(this.#view.follow);
    this.#view.load?.();
    this.#draw();
    if (!moveFocus) return;
    scrollTo(0, 0);
    this.#focusHeading();
  }

  #focusHeading() {
    const heading = place("main").querySelector("h1");
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
  }

  // undefined follows nothing, null all tenants, a code that tenant.
  #follow(tenant) {
    if (tenant === undefined) return;
    this.#follower = new Follower(tenant, {
      onEvent: (event) => {
        this.#announcer.hear(event);
        this.#lookSoon();
      },
      onLook: () => this.#view.load?.(),
      onState: () => this.update(),
    });
  }

  // The first event is a look at once; those that come while it lasts are one more after it.
  async #lookSoon() {
    if (this.#look) {
      this.#look.again = true;
      return;
    }
    const look = (this.#look = { again: false });
    await Promise.all([
      this.#view.load?.(), new Promise((resolve) => setTimeout(resolve, calm)),
    ]);
    this.#look = null;
    if (look.again) this.#lookSoon();
  }

  async #readHealth() {
    if (document.visibilityState === "hidden") return;
    try {
      this.#health = await readHealth();
    } catch {
      // That the agent is away is said by the view itself.
      this.#health = null;
    }
    this.update();
  }

  #draw() {
    const view = this.#view;
    const error = view.error?.();
    const isSignedOut = error?.kind === "signedout";
    const isOffline = error?.kind === "offline" && view.confirmed?.() > 0;
    const followed = this.#follower?.state ?? null;
    const state = error?.kind === "offline" ? "offline" : isSignedOut ? "ended" : followed;
    document.title = `${view.title} · sync-agent`;
    render(place("header"), header({
      route: this.route, state: followed && state, health: this.#health,
      say: (text) => this.say(text), update: () => this.update(),
    }));
    render(place("banner"), isOffline
      ? notice("offline", "The agent cannot be reached",
        h("p", {}, "What is shown was read ", when(view.confirmed()),
          ". It is tried again by itself. ",
          h("button", { type: "button", class: "button", on: { click: () => view.load() } },
            "Try now")))
      : null);
    const main = place("main");
    const hadFocus = main.contains(document.activeElement);
    main.setAttribute("aria-busy", String(view.busy?.() ?? false));
    render(main, isSignedOut
      ? h("div", { class: "signed-out", key: "signed-out" }, h("h1", {}, "Sign in"),
        h("div", { class: "narrow" }, tokenForm({ reason: signedOutReason(error) })))
      : h("div", { class: `view view-${this.route.name}`, key: this.route.name }, view.render()));
    // What had the focus is gone: whoever has no eyes on the page is not to start from its top.
    if (hadFocus && document.activeElement === document.body) this.#focusHeading();
  }
}

new App().start();
