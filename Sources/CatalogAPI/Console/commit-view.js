// `#/commits/SHA`: what became of a commit, in one tenant or in all of them.
import { h } from "./dom.js";
import { path, readEnvelope } from "./api.js";
import { Resource } from "./resource.js";
import { badge, digest, empty, facts, notice, revision, shown } from "./parts.js";
import { select } from "./table.js";
import { commitHash, tenantHash } from "./route.js";
import { plural } from "./format.js";
import { words } from "./text.js";

// Each answer reads git: not all tenants are asked at once.
const sideBySide = 4;

const meanings = {
  __proto__: null,
  applied: "It is what runs.",
  quarantined: "It is what runs, but for utilities that were refused.",
  superseded: "A newer commit of the branch runs.",
  pending: "It is on the branch and not applied yet.",
  held: "A policy holds it back until an operator approves it.",
  unknown: "No watched branch has it.",
};

export class CommitView {
  title = "Find a commit";
  follow = undefined;

  constructor(app, route) {
    this.app = app;
    this.sha = route.sha;
    this.tenant = route.query.tenant ?? "";
    this.draft = route.sha;
    this.tenants = new Resource(async (signal) =>
      ((await readEnvelope("/utils/v1/sync", { signal })).data?.tenants ?? [])
        .map((one) => one.tenantcode), () => app.update());
    this.fates = new Resource((signal) => this.#ask(signal), () => app.update());
    this.asked = 0;
  }

  async load() {
    await this.tenants.load();
    if (this.sha && !this.#fault(this.sha)) await this.fates.load();
  }

  close() {
    this.tenants.close();
    this.fates.close();
  }

  error() {
    return this.tenants.error ?? this.fates.error;
  }

  confirmed() {
    return this.fates.confirmed;
  }

  async #ask(signal) {
    const pending = this.tenant ? [this.tenant] : [...(this.tenants.value ?? [])];
    const all = pending.length;
    const found = [];
    this.asked = 0;
    const worker = async () => {
      for (let tenant = pending.shift(); tenant !== undefined; tenant = pending.shift()) {
        const address = path`/utils/v1/sync/${tenant}/commits/${this.sha}`;
        const { data } = await readEnvelope(address, { signal });
        if (data.state !== "unknown" || this.tenant) found.push({ tenant, ...data });
        this.asked += 1;
        this.app.update();
      }
    };
    await Promise.all(Array.from({ length: Math.min(sideBySide, all) }, worker));
    return { found: found.sort((left, right) => (left.tenant < right.tenant ? -1 : 1)), all };
  }

  #fault(text) {
    return /^[0-9a-f]{4,40}$/i.test(text) ? null
      : "A commit's name is 4 to 40 hexadecimal digits.";
  }

  render() {
    return [h("h1", {}, "Find a commit"),
      h("p", { class: "lead" }, "What became of a push: does it run, and if not, why."),
      this.#form(), this.#result()];
  }

  #form() {
    const fault = this.sha ? this.#fault(this.sha) : null;
    return h("form", {
      class: "tools commit-form", role: "search", "aria-label": "Find a commit",
      on: {
        submit: (event) => {
          event.preventDefault();
          const text = this.draft.trim().toLowerCase();
          if (text) this.app.go(commitHash(text.replace(/^.*sha1:/, ""), this.tenant));
        },
      },
    },
    h("div", { class: "field" }, h("label", { for: "sha" }, "Commit"),
      h("input", {
        id: "sha", type: "text", class: "mono", value: this.draft, spellcheck: "false",
        autocomplete: "off", autocapitalize: "off", maxlength: "80", placeholder: "1a2b3c4d",
        "aria-invalid": fault ? "true" : null, "aria-describedby": fault ? "sha-fault" : null,
        on: { input: (event) => { this.draft = event.target.value; } },
      })),
    select({
      id: "commit-tenant", label: "Tenant", value: this.tenant,
      options: [["", "every tenant"], ...this.#codes().map((code) => [code, code])],
      onChange: (value) => { this.tenant = value; this.app.update(); },
    }),
    h("button", { type: "submit", class: "button main" }, "Find"),
    fault ? h("p", { id: "sha-fault", class: "fault", role: "alert" }, fault) : null);
  }

  #codes() {
    const codes = new Set(this.tenants.value ?? []);
    if (this.tenant) codes.add(this.tenant);
    return [...codes].sort();
  }

  #result() {
    if (!this.sha || this.#fault(this.sha)) return null;
    if (this.tenants.error && !this.tenant) return shown(this.tenants, "the tenants", () => null);
    if (this.fates.loading && this.fates.value === undefined) {
      return h("p", { class: "quiet", role: "status" },
        `Asked ${this.asked} of ${plural(this.tenant ? 1 : (this.tenants.value?.length ?? 0),
          "tenant")}…`);
    }
    return shown(this.fates, "the commit", ({ found, all }) => found.length === 0
      ? empty("No watched branch has this commit",
        `${plural(all, "tenant")} looked. It may not be pushed, or be on another branch.`)
      : h("div", { class: "cards" }, found.map((fate) => this.#card(fate))));
  }

  #card(fate) {
    return h("article", { class: "card", key: fate.tenant },
      h("div", { class: "card-head" },
        h("h2", {}, h("a", { class: "mono", href: tenantHash(fate.tenant) }, words(fate.tenant))),
        badge(fate.state)),
      h("p", {}, meanings[fate.state] ?? ""),
      fate.reason && fate.reason !== meanings[fate.state]
        ? notice(fate.state, "Why", h("p", {}, words(fate.reason, 4000))) : null,
      facts([
        ["Commit", digest(fate.sha, { length: 40 })],
        fate.branch ? ["Branch", h("span", { class: "mono" }, words(fate.branch, 120))] : null,
        fate.revision ? ["What runs", revision(fate.revision, fate.tenant)] : null,
      ]));
  }
}
