// What is known of a utility beside its code.
import { h } from "./dom.js";
import { digest, facts, revision, section } from "./parts.js";
import { when } from "./format.js";
import { breakable, words } from "./text.js";
import { tenantHash } from "./route.js";

/// The facts that stand beside every section.
export function utilityFacts(view, entry) {
  const sync = entry.sync ?? {};
  const isSame = sync.committer === sync.author;
  return [
    section("Where it comes from", { id: "facts-origin" }, facts([
      ["Revision", revision(sync.revision, view.tenant)],
      ["Branch", h("span", { class: "mono" }, words(sync.branch, 80))],
      ["Path", h("span", { class: "mono" }, breakable(sync.path))],
      ["Author", person(sync.author, sync.author_email)],
      isSame ? null : ["Committer", words(sync.committer, 120)],
      ["Approved by", sync.approved_by
        ? words(sync.approved_by, 120)
        : h("span", { class: "none" }, "nobody")],
      sync.rollback ? ["Rolled back", ["by ", words(sync.rollback.actor, 120), ", instead of ",
        revision(sync.rollback.instead_of, view.tenant),
        sync.rollback.reason ? `: ${words(sync.rollback.reason, 160)}` : ""]] : null,
      ["Written", when(sync.authored_at)],
      ["Synced", when(sync.synced_at)],
    ])),
    section("What it is", { id: "facts-what" }, facts([
      ["Number", h("span", { class: "num" }, entry.id)],
      ["Category", h("a", {
        href: tenantHash(view.tenant, "utilities", { category: entry.category }),
      }, words(entry.category, 120))],
      ["Owner", h("span", { class: "num" }, entry.userid)],
      ["Created", when(entry.createddate)],
      ["Updated", when(entry.updateddate)],
      ["File hash", digest(entry.filehash, { length: 16 })],
      ["Sidecar hash", digest(entry.metahash, { length: 16 })],
      (entry.packages ?? []).length > 0
        ? ["Packages", list(entry.packages)] : null,
      (entry.playbook_name ?? []).length > 0
        ? ["Playbooks", list(entry.playbook_name)] : null,
    ])),
    entry.status === "inactive" ? null
      : section("How it is called", { id: "facts-call" }, facts([
        ["Address", h("span", { class: "mono" }, `${entry.method} `, breakable(entry.rest_url))],
        ...inputs(entry).map((input) => [input.name, [words(input.label, 120),
          input.required ? null : h("span", { class: "quiet" }, " (optional)")]]),
      ])),
  ];
}

/// Every field of the entry as it is, for those who look for one.
export class UtilityMetadata {
  render(entry) {
    const rows = Object.entries(entry)
      .filter(([key]) => key !== "filecontents_instring" && key !== "quarantine")
      .map(([key, value]) => [h("span", { class: "mono" }, key), shape(value)]);
    return [
      outputs(entry),
      section("All fields", { id: "all-fields", level: 3 }, facts(
        rows.map(([key, value], index) => [key, h("span", { key: index }, value)]), "wide")),
    ];
  }
}

function person(name, email) {
  return [words(name, 120), email ? h("span", { class: "quiet email" }, words(email, 200)) : null];
}

function list(items) {
  return h("ul", { class: "plain mono" }, items.map((item) =>
    h("li", { key: item }, words(item, 200))));
}

function inputs(entry) {
  const fields = embedded(entry.fields)?.inputfields;
  return Array.isArray(fields) ? fields.filter((field) => field && field.name) : [];
}

function outputs(entry) {
  const fields = embedded(entry.outputfields)?.outputs ?? embedded(entry.outputfields);
  if (!Array.isArray(fields) || fields.length === 0) return null;
  return section("Outputs", { id: "outputs", level: 3 }, facts(fields.map((field) =>
    typeof field === "object" && field !== null
      ? [h("span", { class: "mono" }, words(field.name, 120)),
        [words(field.type, 60), " ", words(field.description, 600)]]
      : [h("span", { class: "mono" }, words(field, 120)), ""])));
}

// The catalog has some fields as JSON inside of a string.
function embedded(text) {
  if (typeof text !== "string" || text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function shape(value) {
  const inner = embedded(value);
  const whole = inner !== null && typeof inner === "object" ? inner : value;
  if (whole !== null && typeof whole === "object") {
    return h("pre", { class: "excerpt", tabindex: "0", "aria-label": "Value" },
      words(JSON.stringify(whole, null, 2)));
  }
  return whole === "" ? h("span", { class: "none" }, "empty")
    : h("span", { class: "mono" }, words(whole, 4000));
}
