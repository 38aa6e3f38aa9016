// The pieces that views are made of.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { words } from "./text.js";
import { commitOf } from "./format.js";
import { commitHash } from "./route.js";

/// A state as drawing and word.
export function badge(state, label = state) {
  return h("span", { class: `badge is-${/^[a-z]+$/.test(state) ? state : "unknown"}` },
    icon(state), h("span", {}, label));
}

/// A short name of a commit or of a hash, with the whole behind it and a button that copies it.
export function digest(value, { link = null, length = 10 } = {}) {
  if (!value) return h("span", { class: "none" }, "none");
  const className = length > 16 ? "hash whole" : "hash";
  const short = h(link ? "a" : "span", { class: className, title: value, href: link },
    value.slice(0, length));
  return h("span", { class: "digest" }, short, copyButton(value));
}

/// The commit of a revision, as a link to what became of it.
export function revision(text, tenant) {
  const commit = commitOf(text);
  if (!commit) return h("span", { class: "none" }, "none");
  return h("a", { class: "hash", href: commitHash(commit, tenant), title: text },
    commit.slice(0, 10));
}

/// Copies `text`, and says so.
export function copyButton(text, what = "the whole value") {
  return h("button", {
    type: "button", class: "icon-button copy", "aria-label": `Copy ${what}`, title: `Copy ${what}`,
    on: { click: (event) => copy(event.currentTarget, text) },
  }, icon("copy"));
}

async function copy(button, text) {
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Outside of HTTPS there is no clipboard: the value is in the button's neighbour's title.
    said = "The browser refused to copy";
  }
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1200);
  button.dispatchEvent(new CustomEvent("console:say", { bubbles: true, detail: said }));
}

/// Names and values.
export function facts(rows, className = "") {
  return h("dl", { class: `facts ${className}` }, rows.filter(Boolean).map(([name, value], index) =>
    h("div", { key: index }, h("dt", {}, name), h("dd", {}, value))));
}

/// A part of a page with a heading.
export function section(title, { id, level = 2, aside = null, className = "" }, ...children) {
  return h("section", { class: `part ${className}`, "aria-labelledby": id, key: id },
    h("div", { class: "part-head" }, h(`h${level}`, { id }, title), aside),
    children);
}

/// Links to the sections of a page; the current one is marked for everybody.
export function sections(label, links) {
  return h("nav", { class: "sections", "aria-label": label }, h("ul", {}, links.map((link) =>
    h("li", { key: link.name },
      h("a", { href: link.href, "aria-current": link.current ? "page" : null },
        link.name, link.count ? h("span", { class: "count" }, link.count) : null)))));
}

/// Where this page stands.
export function crumbs(...links) {
  return h("nav", { class: "crumbs", "aria-label": "Breadcrumbs" }, h("ol", {},
    links.map(([name, href]) => h("li", { key: name },
      href ? h("a", { href }, words(name, 80)) : h("span", { "aria-current": "page" },
        words(name, 80))))));
}

/// A quiet place: nothing is here, and why.
export function empty(title, text, ...more) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title),
    text ? h("p", {}, text) : null, more);
}

/// Something that a reader must not miss.
export function notice(kind, title, ...children) {
  return h("div", { class: `notice is-${kind}` }, icon(kind),
    h("div", { class: "notice-text" }, h("p", { class: "notice-title" }, title), children));
}

/// What a resource shows: its value, or that it is on its way, or why it is not there.
export function shown(resource, what, show, { rows = 4 } = {}) {
  if (resource.value !== undefined) {
    const stale = resource.error && resource.error.kind !== "offline";
    return [stale ? problem(resource.error, what, () => resource.load()) : null,
      show(resource.value)];
  }
  if (resource.error) return problem(resource.error, what, () => resource.load());
  return loading(what, rows);
}

/// That something is on its way.
export function loading(what, rows = 4) {
  return h("div", { class: "loading", role: "status" },
    h("span", { class: "hidden" }, `Reading ${what}`),
    Array.from({ length: rows }, (_, index) =>
      h("span", { class: `bone bone-${index % 4}`, key: index })));
}

const titles = {
  offline: "The agent cannot be reached",
  missing: "Not found",
  refused: "The agent refused the question",
  limited: "Too many questions",
  failed: "The agent failed to answer",
  signedout: "Signed out",
};

/// What went wrong, in words, with the way out.
export function problem(error, what, retry) {
  const title = titles[error.kind] ?? `${what} could not be shown`;
  return h("div", { class: "notice is-failed", role: "alert" }, icon("failed"),
    h("div", { class: "notice-text" },
      h("p", { class: "notice-title" }, title),
      h("p", {}, words(error.message)),
      error.retryAfter ? h("p", {}, `It asks to wait ${error.retryAfter} s.`) : null,
      error.requestID
        ? h("p", { class: "quiet" }, "Request ", h("span", { class: "mono" }, error.requestID),
          ": its cause is in the agent's log.")
        : null,
      error.kind === "missing"
        ? null
        : h("p", {}, h("button", { type: "button", class: "button", on: { click: retry } },
          "Try again"))));
}
