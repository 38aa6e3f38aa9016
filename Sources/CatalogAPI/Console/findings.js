// What the agent found fault with.
import { h } from "./dom.js";
import { words } from "./text.js";

const ranks = { __proto__: null, HIGH: 0, MEDIUM: 1, LOW: 2 };

/// Findings as a list, the grave ones first; `link(finding)` may give a place in the code.
export function findingList(findings, { link = () => null } = {}) {
  const sorted = [...findings].sort((left, right) =>
    (ranks[left.severity] ?? 3) - (ranks[right.severity] ?? 3));
  return h("ol", { class: "findings" }, sorted.map((finding, index) =>
    h("li", { key: index, class: `finding severity-${ranks[finding.severity] ?? 3}` },
      h("div", { class: "finding-head" },
        h("span", { class: "severity" }, words(finding.severity, 20)),
        h("span", { class: "mono rule" }, words(finding.rule, 80)),
        place(finding, link(finding))),
      h("p", {}, words(finding.message, 2000)),
      finding.hint ? h("p", { class: "hint" }, words(finding.hint, 2000)) : null)));
}

function place(finding, link) {
  if (!finding.path) return null;
  const where = [finding.path, finding.line || null, (finding.line && finding.column) || null];
  const text = words(where.filter((part) => part !== null).join(":"), 400);
  return link ? h("a", { class: "mono place", href: link }, text)
    : h("span", { class: "mono place" }, text);
}
