// Signing in: a token that the user pastes, kept for this tab.
import { h } from "./dom.js";
import { notice, facts } from "./parts.js";
import { token, setToken, claims, cleaned } from "./session.js";
import { words } from "./text.js";
import { moment, distance } from "./format.js";

/// The form that takes a token, with the reason why it is asked for.
export function tokenForm({ reason = null, onDone }) {
  return h("form", {
    class: "token-form", autocomplete: "off",
    on: {
      submit: (event) => {
        event.preventDefault();
        const field = event.target.elements.namedItem("token");
        const text = cleaned(field.value);
        if (text === "") return field.focus();
        field.value = "";
        setToken(text);
        onDone?.();
      },
    },
  },
  reason,
  h("label", { for: "token" }, "Token"),
  h("textarea", {
    id: "token", name: "token", rows: "4", class: "mono", required: true, spellcheck: "false",
    autocapitalize: "off", autocomplete: "off", "aria-describedby": "token-hint",
  }),
  h("p", { id: "token-hint", class: "quiet" },
    "A JSON Web Token for this agent. It stays in this tab and is forgotten when the tab closes."),
  h("p", {}, h("button", { type: "submit", class: "button main" }, "Sign in")));
}

/// Why a token is asked for, after an answer of 401.
export function signedOutReason(error) {
  if (error.expired) return notice("pending", "Your session has expired", h("p", {},
    "The token is past its time. Paste a new one to go on where you are."));
  if (token()) return notice("failed", "The agent refused the token",
    h("p", {}, words(error.message)));
  return notice("pending", "You are signed out", h("p", {},
    "This agent answers only to those who show a token."));
}

/// `#/token`.
export class TokenView {
  title = "Token";
  follow = undefined;
  constructor(app) {
    this.app = app;
  }

  render() {
    const text = token();
    return [h("h1", {}, "Token"), h("div", { class: "narrow" },
      text ? this.#current(text) : null,
      tokenForm({ onDone: () => this.app.go("#/") }))];
  }

  #current(text) {
    const known = claims(text);
    const tenants = [known?.tenantcode ?? []].flat().join(", ");
    return [
      known
        ? facts([
          known.sub ? ["Subject", words(known.sub, 200)] : null,
          ["Tenants", tenants === "*" ? "all (operator)" : words(tenants || "none", 400)],
          known.exp ? ["Expires", `${moment(known.exp * 1000)}, ${distance(known.exp * 1000)}`]
            : null,
        ])
        : h("p", {}, "The token that is in use cannot be read here; the agent judges it."),
      h("p", {}, h("button", {
        type: "button", class: "button",
        on: { click: () => { setToken(""); this.app.say("Signed out"); } },
      }, "Sign out")),
    ];
  }
}
