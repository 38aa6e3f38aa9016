// A tenant's utilities: found, filtered, sorted and cut into pages by the agent.
import { h } from "./dom.js";
import { path, readEnvelope } from "./api.js";
import { Resource } from "./resource.js";
import { badge, digest, empty, revision, shown } from "./parts.js";
import { pager, search, select, table } from "./table.js";
import { tenantHash, utilityHash } from "./route.js";
import { when } from "./format.js";
import { words } from "./text.js";
import { Categories } from "./categories.js";

const pageSize = 50;
const statuses = [
  ["", "active and draft"], ["active", "active"], ["draft", "draft"], ["inactive", "inactive"],
  ["all", "every status"],
];
const orders = ["-updateddate", "updateddate", "name", "-name"];
// A pause in typing after which the agent is asked.
const pause = 180;

export class UtilityList {
  #query;
  #timer = null;

  constructor(app, tenant, query) {
    this.app = app;
    this.tenant = tenant;
    this.#query = this.#read(query);
    this.categories = new Categories(tenant, () => app.update());
    this.list = new Resource((signal) =>
      readEnvelope(this.#address(), { signal }), () => app.update());
  }

  #read(query) {
    return {
      q: query.q ?? "",
      status: statuses.some(([key]) => key === query.status) ? query.status : "",
      category: query.category ?? "",
      sort: orders.includes(query.sort) ? query.sort : "-updateddate",
      offset: Math.max(0, Math.floor(Number(query.offset)) || 0),
    };
  }

  #address() {
    const { q, status, category, sort, offset } = this.#query;
    const given = { q: cut(q), status, category, sort, offset, limit: pageSize };
    const search = new URLSearchParams(
      Object.entries(given).filter(([, value]) => value !== "" && value !== 0));
    return `${path`/utils/v1/custom-utils/${this.tenant}/-/-`}?${search}`;
  }

  navigate(query) {
    const next = this.#read(query);
    const isSame = JSON.stringify(next) === JSON.stringify(this.#query);
    this.#query = next;
    if (!isSame) this.list.load();
    return true;
  }

  async load() {
    await this.list.load();
    this.categories.load(this.list.value);
  }

  close() {
    clearTimeout(this.#timer);
    this.list.close();
    this.categories.close();
  }

  #choose(changes, delay = 0) {
    this.#query = { ...this.#query, offset: 0, ...changes };
    const query = { ...this.#query };
    if (query.sort === "-updateddate") query.sort = "";
    if (query.offset === 0) query.offset = "";
    this.app.replace(tenantHash(this.tenant, "utilities", query));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.list.load(), delay);
  }

  render() {
    const { q, status, category } = this.#query;
    return [
      h("div", { class: "tools" },
        search({
          id: "utility-search", label: "Search utilities", value: q,
          placeholder: "Name or description",
          onInput: (text) => this.#choose({ q: text }, pause),
        }),
        select({
          id: "status-filter", label: "Status", value: status, options: statuses,
          onChange: (value) => this.#choose({ status: value }),
        }),
        select({
          id: "category-filter", label: "Category", value: category,
          options: [["", "every category"], ...this.categories.names(category)
            .map((name) => [name, name])],
          onChange: (value) => this.#choose({ category: value }),
        })),
      shown(this.list, "the utilities", (envelope) => this.#page(envelope), { rows: 8 }),
    ];
  }

  #page(envelope) {
    const { q, status, category, sort, offset } = this.#query;
    const entries = envelope.data ?? [];
    if (entries.length === 0 && offset === 0) {
      return q || status || category
        ? empty("No utility matches", "Another search or another filter may find it.",
          h("p", {}, h("button", {
            type: "button", class: "button",
            on: { click: () => this.#choose({ q: "", status: "", category: "" }) },
          }, "Show all")))
        : empty("No utilities yet",
          "A .py file with its sidecar below utils/, pushed to this tenant, appears here.");
    }
    return [
      table({
        label: "Utilities", columns: this.#columns(), rows: entries, head: "name",
        rowKey: (entry) => `${entry.id}/${entry.status}`, order: sort,
        onSort: (order) => this.#choose({ sort: order }),
        rowClass: (entry) => (entry.quarantine ? "is-quarantined" : `is-${entry.status}`),
      }),
      pager({
        total: envelope.count, offset, limit: pageSize,
        onOffset: (to) => this.#choose({ offset: to }),
      }),
    ];
  }

  #columns() {
    return [
      {
        key: "name", title: "Name", sort: "name",
        cell: (entry) => [
          h("a", {
            class: "mono",
            href: utilityHash(this.tenant, entry.id, "code", {
              status: entry.status === "active" ? "" : entry.status,
            }),
          }, words(entry.name, 120)),
          h("span", { class: "about" }, words(entry.description, 240)),
        ],
      },
      {
        key: "status", title: "Status",
        cell: (entry) => [badge(entry.status), entry.quarantine ? badge("quarantined") : null],
      },
      { key: "category", title: "Category", cell: (entry) => words(entry.category, 60) },
      {
        key: "revision", title: "Revision",
        cell: (entry) => revision(entry.sync?.revision, this.tenant),
      },
      { key: "author", title: "Author", cell: (entry) => words(entry.sync?.author, 60) },
      { key: "hash", title: "File hash", cell: (entry) => digest(entry.filehash) },
      {
        key: "updated", title: "Updated", sort: "updateddate", first: "-updateddate",
        cell: (entry) => when(entry.updateddate),
      },
    ];
  }
}

/// The agent takes 200 bytes of search; a cut never falls inside of a character.
function cut(text) {
  let result = text;
  while (new TextEncoder().encode(result).length > 200) result = [...result].slice(0, -1).join("");
  return result;
}
