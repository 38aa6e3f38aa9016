// Calls of utilities, newest first: of a tenant, or of one utility.
import { h } from "./dom.js";
import { path, readEnvelope } from "./api.js";
import { Resource } from "./resource.js";
import { badge, empty, shown } from "./parts.js";
import { pager, table } from "./table.js";
import { span, when } from "./format.js";
import { words } from "./text.js";
import { utilityHash } from "./route.js";

const pageSize = 50;
const states = {
  __proto__: null, completed: "success", failed: "failed", running: "syncing",
  cancelled: "inactive",
};

export class Executions {
  #offset;

  /// Of the utility `id`, or with null of the whole tenant; `go(query)` changes the page.
  constructor(tenant, id, query, changed, go) {
    this.tenant = tenant;
    this.id = id;
    this.go = go;
    this.#offset = Math.max(0, Number(query.offset) || 0);
    this.list = new Resource((signal) => readEnvelope(this.#address(), { signal }), changed);
  }

  #address() {
    const query = new URLSearchParams({ limit: pageSize, offset: this.#offset });
    if (this.id !== null) query.set("taskid", this.id);
    return `${path`/utils/v1/executions/${this.tenant}`}?${query}`;
  }

  navigate(query) {
    this.#offset = Math.max(0, Number(query.offset) || 0);
    this.list.load();
    return true;
  }

  load() {
    return this.list.load();
  }

  close() {
    this.list.close();
  }

  render() {
    if (this.list.error?.kind === "missing") {
      return empty("No executions are recorded", "This agent keeps no record of calls.");
    }
    return shown(this.list, "the executions", (envelope) => {
      const rows = envelope.data ?? [];
      if (rows.length === 0 && this.#offset === 0) {
        return empty("No executions yet", "A call of a utility that was recorded appears here.");
      }
      return [
        table({
          label: "Executions", columns: this.#columns(), rows, head: "when",
          rowKey: (row) => `${row._id ?? row.id ?? ""}${row.createddate}/${rows.indexOf(row)}`,
        }),
        pager({
          total: envelope.count, offset: this.#offset, limit: pageSize, what: "executions",
          onOffset: (offset) => this.go({ offset: offset || "" }),
        }),
      ];
    });
  }

  #columns() {
    return [
      { key: "when", title: "When", cell: (row) => when(row.createddate) },
      this.id === null
        ? {
          key: "name", title: "Utility",
          cell: (row) => h("a", { class: "mono", href: utilityHash(this.tenant, row.taskid) },
            words(row.name, 120)),
        }
        : null,
      {
        key: "state", title: "State",
        cell: (row) => badge(states[row.status] ?? "unknown", words(row.status, 40)),
      },
      {
        key: "took", title: "Took", className: "number",
        cell: (row) => h("span", { class: "num" }, span(row.execution_time * 1000)),
      },
      { key: "who", title: "By", cell: (row) => words(row.username || row.userid, 80) },
      { key: "detail", title: "Details", cell: (row) => detail(row) },
    ].filter(Boolean);
  }
}

function detail(row) {
  const parts = [["Error", row.error_message], ["Request", row.request],
    ["Response", row.response], ["Log", (row.logs ?? []).join("\n")]]
    .filter(([, text]) => text);
  if (parts.length === 0) return null;
  return h("details", {}, h("summary", {}, row.error_message
    ? words(row.error_message, 120) : "Show"),
  parts.map(([name, text]) => h("div", { key: name }, h("p", { class: "label" }, name),
    h("pre", { class: "excerpt", tabindex: "0", "aria-label": name }, words(text, 20000)))));
}
