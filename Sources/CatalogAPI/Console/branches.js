// Where a branch stands, in words.
import { h } from "./dom.js";
import { badge, digest, facts, revision } from "./parts.js";
import { plural, span, when } from "./format.js";
import { tenantHash } from "./route.js";
import { words } from "./text.js";

const urgencies = ["failed", "held", "degraded", "syncing", "suspended", "synced"];

/// How soon somebody should look: the smaller, the sooner.
export function urgency(status) {
  const index = urgencies.indexOf(status.phase);
  return index < 0 ? urgencies.length : index;
}

/// What is wrong with a branch and what happens next, short; null where all is well.
export function branchProblem(status, limit = 160) {
  const report = status.report ?? {};
  const parts = [];
  if (report.error) parts.push(h("span", { class: "cause" }, words(report.error, limit)));
  else if (report.held) parts.push(h("span", { class: "cause" }, words(report.held.reason, limit)));
  else if (report.quarantined?.length) {
    const names = report.quarantined.slice(0, 3).map((one) => one.name).join(", ");
    const more = report.quarantined.length - 3;
    parts.push(h("span", { class: "cause" }, words(names, limit),
      more > 0 ? ` and ${more} more` : ""));
  }
  if (status.next_retry) parts.push(h("span", { class: "quiet retry" }, nextTry(status)));
  return parts;
}

function nextTry(status) {
  return status.next_retry > Date.now()
    ? ["next try ", when(status.next_retry)] : "next try is due";
}

function rolledBack(status) {
  return Object.entries(status.rollbacks ?? {}).sort();
}

/// Everything about one branch.
export function branchCard(tenant, status) {
  const report = status.report;
  return h("article", { class: "card branch-card", key: status.branch,
    "aria-label": `Branch ${status.branch}` },
  h("div", { class: "card-head" },
    h("h2", { class: "mono" }, words(status.branch, 80)), badge(status.phase)),
  facts([
    ["Applied", revision(status.applied, tenant)],
    status.observed === status.applied
      ? null
      : ["Observed", status.observed
        ? revision(status.observed, tenant)
        : h("span", { class: "none" }, "the branch is gone")],
    status.attempted && status.attempted !== status.applied
      ? ["Attempted", revision(status.attempted, tenant)] : null,
    report ? ["Last attempt", [when(report.started_at), " in ",
      h("span", { class: "num" }, span(report.duration))]] : null,
    report && Object.keys(report.changes ?? {}).length > 0
      ? ["It changed", changes(report.changes)] : null,
    report?.quarantined?.length ? ["Quarantined", quarantined(tenant, report.quarantined)] : null,
    rolledBack(status).length > 0 ? ["Rolled back", rolledBack(status).map(([name, one]) =>
      h("div", { key: name }, words(name, 60), " to ", revision(one.revision, tenant), " by ",
        words(one.actor, 80), one.reason ? `: ${words(one.reason, 160)}` : ""))] : null,
    status.next_retry ? ["Retry", nextTry(status)] : null,
    status.release ? ["Release", digest(status.release)] : null,
    status.trial_release ? ["Trial release", digest(status.trial_release)] : null,
  ], "columns"),
  problemOf(report));
}

function quarantined(tenant, utilities) {
  const names = utilities.slice(0, 3).map((one) => one.name).join(", ");
  return h("a", { href: tenantHash(tenant, "findings") }, words(names, 200),
    utilities.length > 3 ? ` and ${utilities.length - 3} more` : "");
}

function problemOf(report) {
  if (report?.error) {
    return h("p", { class: "cause" }, h("strong", {}, "Error: "), words(report.error, 4000));
  }
  if (report?.held) {
    return h("p", { class: "cause" }, h("strong", {}, "Held: "), words(report.held.reason, 4000));
  }
  return null;
}

const verbs = {
  __proto__: null, create: "created", update: "updated", rename: "renamed", remove: "removed",
  revive: "revived", status: "changed status",
};

function changes(kinds) {
  return Object.entries(kinds).map(([kind, number]) =>
    `${plural(number, "utility", "utilities")} ${verbs[kind] ?? kind}`).join(", ");
}
