// The frame around every view: where one can go, how fresh things are, and the choice of colours.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { hash } from "./route.js";
import { token, claims } from "./session.js";
import { words } from "./text.js";

const themes = ["auto", "light", "dark"];
const freshness = {
  connecting: ["syncing", "Connecting", "The stream of changes is being opened."],
  live: ["live", "Live", "Changes appear as they happen."],
  polling: ["pending", "Polling", "The agent is asked every few seconds."],
  retrying: ["pending", "Reconnecting",
    "The stream of changes ended and is opened again; until then the agent is asked now and then."],
  offline: ["offline", "Offline", "The agent cannot be reached; it is tried again."],
  paused: ["pending", "Paused", "The page was hidden; it follows again when it is seen."],
};

/// The theme that a user chose.
function chosenTheme() {
  return document.documentElement.dataset.theme ?? "auto";
}

function nextTheme() {
  const theme = themes[(themes.indexOf(chosenTheme()) + 1) % themes.length];
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "auto") localStorage.removeItem("console.theme");
    else localStorage.setItem("console.theme", theme);
  } catch {
    // Without storage the choice lives as long as the page.
  }
  return theme;
}

/// The page's head.
export function header({ route, state, health, say, update }) {
  const link = (name, title, target) => h("a", {
    href: target, "aria-current": route.name === name ? "page" : null, key: name,
  }, title);
  return h("div", { class: "bar" },
    h("a", { class: "brand", href: "#/", "aria-label": "sync-agent, all tenants" },
      icon("brand", "mark"),
      h("span", {}, "sync-agent")),
    h("nav", { "aria-label": "Main" },
      link("tenants", "Tenants", "#/"), link("commit", "Find a commit", hash(["commits"]))),
    h("div", { class: "bar-end" },
      healthSign(health), freshnessSign(state), themeButton(say, update), tokenLink(route)));
}

function healthSign(health) {
  if (!health) return null;
  const status = String(health.status ?? "unknown");
  const bad = Object.entries(health.checks ?? {})
    .filter(([, check]) => check?.status !== "healthy").map(([name]) => name);
  if (status === "healthy" && bad.length === 0) return null;
  return h("span", { class: "sign", role: "status", title: bad.join(", ") },
    icon(status === "unhealthy" ? "failed" : "degraded"),
    h("span", {}, words(`Agent ${status}${bad.length ? `: ${bad.join(", ")}` : ""}`, 80)));
}

function freshnessSign(state) {
  if (!freshness[state]) return null;
  const [sign, text, title] = freshness[state];
  return h("span", { class: `sign fresh-${state}`, title, "data-state": state },
    icon(sign), h("span", {}, text));
}

function themeButton(say, update) {
  const theme = chosenTheme();
  const label = `Colours: ${theme === "auto" ? "as the system" : theme}`;
  return h("button", {
    type: "button", class: "icon-button", title: label, "aria-label": `${label}. Change`,
    on: {
      click: () => {
        const chosen = nextTheme();
        say(`Colours: ${chosen === "auto" ? "as the system" : chosen}`);
        update();
      },
    },
  }, icon("theme"), h("span", { class: "theme-name", "aria-hidden": "true" }, theme));
}

function tokenLink(route) {
  const text = token();
  const name = text ? String(claims(text)?.sub ?? "Token") : "Sign in";
  return h("a", {
    class: "sign token-link", href: "#/token",
    "aria-current": route.name === "token" ? "page" : null,
  }, icon("key"), h("span", {}, words(name, 24)));
}
