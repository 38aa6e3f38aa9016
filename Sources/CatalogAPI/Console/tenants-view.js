// `#/`: all tenants, those in trouble first.
import { h } from "./dom.js";
import { readEnvelope } from "./api.js";
import { Resource } from "./resource.js";
import { badge, empty, revision, shown } from "./parts.js";
import { choices, pager, search, table } from "./table.js";
import { hash, tenantHash } from "./route.js";
import { count, plural, span, when } from "./format.js";
import { words } from "./text.js";
import { branchProblem, urgency } from "./branches.js";

const pageSize = 100;
const phases = ["failed", "held", "degraded", "syncing", "suspended", "synced"];

const orders = {
  state: (row) => urgency(row.status),
  tenant: (row) => row.tenant,
  quarantined: (row) => row.status.report?.quarantined?.length ?? 0,
  attempt: (row) => row.status.report?.started_at ?? 0,
};

export class TenantsView {
  title = "Tenants";
  follow = null;
  #phase;
  #text;
  #order;
  #offset = 0;

  constructor(app, route) {
    this.app = app;
    this.status = new Resource(async (signal) =>
      (await readEnvelope("/utils/v1/sync", { signal })).data?.tenants ?? [], () => app.update());
    this.navigate(route);
  }

  navigate({ query }) {
    this.#phase = phases.includes(query.phase) ? query.phase : "";
    this.#text = query.q ?? "";
    this.#order = query.sort ?? "state";
    this.#offset = Math.max(0, Number(query.offset) || 0);
    return true;
  }

  load() {
    return this.status.load();
  }

  close() {
    this.status.close();
  }

  error() {
    return this.status.error;
  }

  confirmed() {
    return this.status.confirmed;
  }

  busy() {
    return this.status.loading && this.status.value === undefined;
  }

  #choose(changes) {
    const query = {
      phase: this.#phase, q: this.#text, sort: this.#order, offset: 0, ...changes,
    };
    if (query.sort === "state") delete query.sort;
    if (!query.offset) delete query.offset;
    const target = hash([], query);
    this.app.replace(target);
    this.navigate({ query: this.app.route.query });
  }

  render() {
    const tenants = this.status.value;
    return [
      h("div", { class: "page-head" }, h("h1", {}, "Tenants"),
        tenants ? h("p", { class: "quiet num" }, plural(tenants.length, "tenant")) : null),
      shown(this.status, "the tenants", (value) => this.#table(value), { rows: 8 }),
    ];
  }

  #table(tenants) {
    if (tenants.length === 0) {
      return empty("No tenants yet",
        "A bare repository below repositories.root is a tenant. It appears here by itself.");
    }
    const rows = tenants.flatMap(({ tenantcode, branches }) => branches.length === 0
      ? [{ tenant: tenantcode, status: { branch: "", phase: "syncing" } }]
      : branches.map((status) => ({ tenant: tenantcode, status })));
    const text = this.#text.trim().toLowerCase();
    const found = rows.filter((row) =>
      text === "" || row.tenant.toLowerCase().includes(text));
    const matching = found.filter((row) =>
      this.#phase === "" || row.status.phase === this.#phase);
    const sorted = this.#sorted(matching);
    const offset = this.#offset < sorted.length ? this.#offset : 0;
    return [
      h("div", { class: "tools" },
        search({
          id: "tenant-search", label: "Search tenants", value: this.#text,
          onInput: (value) => this.#choose({ q: value }),
        }),
        choices("State", this.#options(found), this.#phase,
          (phase) => this.#choose({ phase }))),
      sorted.length === 0
        ? empty("No tenant matches", "Another search or another state may find it.",
          h("p", {}, h("button", {
            type: "button", class: "button",
            on: { click: () => this.#choose({ q: "", phase: "" }) },
          }, "Show all")))
        : table({
          label: "Tenants and their branches", columns: this.#columns(), head: "tenant",
          rows: sorted.slice(offset, offset + pageSize), order: this.#order,
          onSort: (sort) => this.#choose({ sort }),
          rowKey: (row) => `${row.tenant}/${row.status.branch}`,
          rowClass: (row) => `phase-${row.status.phase}`,
        }),
      pager({
        total: sorted.length, offset, limit: pageSize, what: "branches",
        onOffset: (to) => this.#choose({ offset: to }),
      }),
    ];
  }

  #options(rows) {
    const numbers = new Map();
    for (const { status } of rows) {
      numbers.set(status.phase, (numbers.get(status.phase) ?? 0) + 1);
    }
    const known = phases.filter((phase) => numbers.has(phase) || phase === this.#phase);
    return [{ value: "", title: "All", number: rows.length }, ...known.map((phase) => ({
      value: phase, title: phase, number: numbers.get(phase) ?? 0, sign: phase,
    }))];
  }

  #sorted(rows) {
    const isDescending = this.#order.startsWith("-");
    const key = orders[this.#order.replace("-", "")] ?? orders.state;
    return [...rows].sort((left, right) => {
      const [a, b] = [key(left), key(right)];
      const order = a < b ? -1 : a > b ? 1 : 0;
      return (isDescending ? -order : order) || (left.tenant < right.tenant ? -1 : 1);
    });
  }

  #columns() {
    return [
      {
        key: "tenant", title: "Tenant", sort: "tenant",
        cell: ({ tenant, status }) => [
          h("a", { href: tenantHash(tenant) }, words(tenant, 64)),
          h("span", { class: "branch mono" }, words(status.branch, 60)),
        ],
      },
      { key: "state", title: "State", sort: "state", cell: ({ status }) => badge(status.phase) },
      {
        key: "applied", title: "Applied",
        cell: ({ tenant, status }) => revision(status.applied, tenant),
      },
      {
        key: "observed", title: "Observed",
        cell: ({ tenant, status }) => status.observed === status.applied
          ? h("span", { class: "quiet" }, status.observed ? "the same" : "none")
          : revision(status.observed, tenant),
      },
      {
        key: "quarantined", title: "Quarantined", sort: "quarantined", first: "-quarantined",
        className: "number",
        cell: ({ status }) => h("span", {
          class: status.report?.quarantined?.length ? "num strong" : "num none",
        }, count(status.report?.quarantined?.length ?? 0)),
      },
      {
        key: "attempt", title: "Last attempt", sort: "attempt", first: "-attempt",
        cell: ({ status }) => status.report
          ? [when(status.report.started_at),
            h("span", { class: "quiet num took" }, span(status.report.duration))]
          : h("span", { class: "none" }, "never"),
      },
      { key: "problem", title: "What is wrong", cell: ({ status }) => branchProblem(status) },
    ];
  }
}
