// `#/tenants/CODE/utilities/ID`: one utility: what it is beside one of its sections.
import { h } from "./dom.js";
import { path, readEnvelope } from "./api.js";
import { Resource } from "./resource.js";
import { badge, crumbs, notice, revision, sections, shown } from "./parts.js";
import { tenantHash, utilityHash } from "./route.js";
import { words } from "./text.js";
import { findingList } from "./findings.js";
import { UtilityCode } from "./utility-code.js";
import { utilityFacts, UtilityMetadata } from "./utility-facts.js";
import { UtilityFindings } from "./utility-findings.js";
import { UtilityHistory } from "./utility-history.js";
import { UtilityIntegrity } from "./utility-integrity.js";
import { Executions } from "./executions.js";

const parts = {
  code: ["Code", (view) => new UtilityCode(view)],
  history: ["History", (view) => new UtilityHistory(view)],
  findings: ["Findings", (view) => new UtilityFindings(view)],
  integrity: ["Integrity", (view) => new UtilityIntegrity(view)],
  executions: ["Executions", (view) => new Executions(view.tenant, view.id, view.query,
    () => view.app.update(), (query) => view.app.go(view.link("executions", query)))],
  metadata: ["Metadata", (view) => new UtilityMetadata(view)],
};

export class UtilityView {
  #part;

  constructor(app, route) {
    this.app = app;
    this.tenant = route.tenant;
    this.id = route.id;
    this.follow = route.tenant;
    this.entry = new Resource(async (signal) => (await readEnvelope(
      path`/utils/v1/custom-utils/${this.tenant}/${this.id}` + this.statusQuery(),
      { signal })).data, () => app.update());
    // Its other entries: the draft beside the active one.
    this.others = new Resource(async (signal) => {
      const name = this.entry.value?.name;
      if (name === undefined) return [];
      const address = path`/utils/v1/custom-utils/${this.tenant}/-/${name}`;
      return (await readEnvelope(`${address}?status=all`, { signal })).data;
    }, () => app.update());
    this.#show(route);
  }

  get title() {
    return `${this.entry.value?.name ?? this.id} of ${this.tenant}`;
  }

  /// The query that names the entry among those with one number.
  statusQuery(extra = {}) {
    const query = new URLSearchParams(extra);
    if (this.status) query.set("status", this.status);
    const text = query.toString();
    return text ? `?${text}` : "";
  }

  /// The address of a section of this page.
  link(section, query = {}) {
    return utilityHash(this.tenant, this.id, section, { status: this.status, ...query });
  }

  #show(route) {
    this.#part?.close?.();
    this.section = Object.hasOwn(parts, route.section) ? route.section : "code";
    this.query = route.query;
    this.status = ["active", "draft", "inactive"].includes(route.query.status)
      ? route.query.status : "";
    this.#part = parts[this.section][1](this);
  }

  navigate(route) {
    if (route.tenant !== this.tenant || route.id !== this.id) return false;
    if ((route.query.status ?? "") !== this.status) return false;
    if (route.section === this.section && this.#part.navigate?.(route.query)) {
      this.query = route.query;
      return true;
    }
    this.#show(route);
    this.#part.load?.();
    return true;
  }

  async load() {
    const part = this.#part;
    // What reads git is asked again only when the file is another one.
    const before = this.#version();
    const isFirst = before === "";
    await Promise.all([this.entry.load(), isFirst || !part.readsGit ? part.load?.() : null]);
    if (!isFirst && part.readsGit && this.#version() !== before) part.load();
    await this.others.load();
  }

  #version() {
    const { filehash, status, sync } = this.entry.value ?? {};
    return filehash === undefined ? "" : `${filehash}/${status}/${sync?.revision}`;
  }

  close() {
    this.entry.close();
    this.others.close();
    this.#part.close?.();
  }

  error() {
    return this.entry.error;
  }

  confirmed() {
    return this.entry.confirmed;
  }

  busy() {
    return this.entry.loading && this.entry.value === undefined;
  }

  render() {
    const entry = this.entry.value;
    return [
      crumbs(["Tenants", "#/"], [this.tenant, tenantHash(this.tenant)],
        [entry?.name ?? `Utility ${this.id}`]),
      this.#head(entry),
      shown(this.entry, "the utility", (value) => [
        this.#quarantine(value),
        h("div", { class: "with-aside" },
          h("div", { class: "main-column" },
            sections("Of this utility", Object.entries(parts).map(([section, [name]]) => ({
              name, href: this.link(section), current: section === this.section,
              count: section === "findings" ? this.#findingCount(value) : null,
            }))),
            h("div", { class: "section-body", key: this.section },
              h("h2", { class: "hidden" }, parts[this.section][0]), this.#part.render(value))),
          h("aside", { "aria-label": "About this utility" }, utilityFacts(this, value))),
      ], { rows: 10 }),
    ];
  }

  #findingCount(entry) {
    const number = (entry.quarantine?.findings?.length ?? 0) + (entry.sync?.findings?.length ?? 0);
    return number > 0 ? number : null;
  }

  #head(entry) {
    // The heading is one element from the first moment on: it may have the focus.
    if (!entry) {
      return h("div", { class: "page-head" }, h("h1", { class: "mono" }, `Utility ${this.id}`));
    }
    const others = (this.others.value ?? []).filter((other) => other.id === entry.id);
    return h("div", { class: "page-head" },
      h("h1", { class: "mono" }, words(entry.name, 120)),
      badge(entry.status), entry.quarantine ? badge("quarantined") : null,
      h("p", { class: "lead" },
        h("span", { class: "display-name" }, words(entry.displayname, 200)), " ",
        words(entry.description, 600)),
      others.length > 1
        ? h("nav", { class: "versions", "aria-label": "Versions of this utility" },
          h("ul", {}, others.map((other) => h("li", { key: other.status },
            h("a", {
              href: utilityHash(this.tenant, this.id, this.section,
                { status: other.status }),
              "aria-current": other.status === entry.status ? "page" : null,
            }, badge(other.status, `${other.status} version`))))))
        : null);
  }

  #quarantine(entry) {
    const quarantine = entry.quarantine;
    if (!quarantine) return null;
    return notice("quarantined", "The newest version was refused",
      h("p", {}, "Revision ", revision(quarantine.revision, this.tenant),
        " is in quarantine. What is shown here is the last good version, and it keeps running."),
      this.section === "findings" ? null : findingList(quarantine.findings ?? []));
  }
}
