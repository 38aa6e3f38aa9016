// `#/tenants/CODE`: one tenant: its branches, and one of its sections.
import { h } from "./dom.js";
import { path, readEnvelope } from "./api.js";
import { Resource } from "./resource.js";
import { crumbs, sections, shown } from "./parts.js";
import { tenantHash } from "./route.js";
import { branchCard } from "./branches.js";
import { words } from "./text.js";
import { UtilityList } from "./utility-list.js";
import { TenantFindings } from "./tenant-findings.js";
import { Executions } from "./executions.js";
import { AuditTrail } from "./audit-trail.js";

const titles = {
  utilities: "Utilities", findings: "Findings", executions: "Executions", audit: "Audit",
};

export class TenantView {
  #route;
  #part;

  constructor(app, route) {
    this.app = app;
    this.tenant = route.tenant;
    this.follow = route.tenant;
    this.status = new Resource(async (signal) =>
      (await readEnvelope(path`/utils/v1/sync/${this.tenant}`, { signal })).data,
    () => app.update());
    this.#route = route;
    this.#show(route);
  }

  get title() {
    return `${titles[this.#section()] ?? "Tenant"} of ${this.tenant}`;
  }

  #section() {
    return Object.hasOwn(titles, this.#route.section) ? this.#route.section : "utilities";
  }

  #show(route) {
    const update = () => this.app.update();
    this.#part?.close();
    this.#route = route;
    this.#part = {
      utilities: () => new UtilityList(this.app, this.tenant, route.query),
      findings: () => new TenantFindings(this.tenant, this.status),
      executions: () => new Executions(this.tenant, null, route.query, update, (query) =>
        this.app.go(tenantHash(this.tenant, "executions", query))),
      audit: () => new AuditTrail(this.tenant, update),
    }[this.#section()]();
  }

  navigate(route) {
    if (route.tenant !== this.tenant) return false;
    const isSame = route.section === this.#route.section;
    this.#route = route;
    if (isSame && this.#part.navigate?.(route.query)) return true;
    this.#show(route);
    this.#part.load();
    return true;
  }

  load() {
    return Promise.all([this.status.load(), this.#part.load()]);
  }

  close() {
    this.status.close();
    this.#part.close();
  }

  error() {
    return this.status.error;
  }

  confirmed() {
    return this.status.confirmed;
  }

  busy() {
    return this.status.value === undefined && this.status.loading;
  }

  render() {
    const quarantined = (this.status.value?.branches ?? [])
      .reduce((sum, branch) => sum + (branch.report?.quarantined?.length ?? 0), 0);
    if (this.status.error?.kind === "missing") {
      return [crumbs(["Tenants", "#/"], [this.tenant]),
        h("div", { class: "page-head" }, h("h1", { class: "mono" }, words(this.tenant, 80))),
        shown(this.status, "the tenant", () => null)];
    }
    return [
      crumbs(["Tenants", "#/"], [this.tenant]),
      h("div", { class: "page-head" }, h("h1", { class: "mono" }, words(this.tenant, 80))),
      shown(this.status, "the branches", (value) => h("div", { class: "cards" },
        value.branches.map((status) => branchCard(this.tenant, status))), { rows: 3 }),
      sections("Of this tenant", Object.entries(titles).map(([section, name]) => ({
        name, href: tenantHash(this.tenant, section), current: section === this.#section(),
        count: section === "findings" && quarantined > 0 ? quarantined : null,
      }))),
      // One trouble is told once: without an answer to this question there is none to the others.
      this.status.error && this.status.value === undefined
        ? null
        : h("div", { class: "section-body", key: this.#section() },
          h("h2", { class: "hidden" }, titles[this.#section()]), this.#part.render()),
    ];
  }
}
