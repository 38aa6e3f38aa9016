// What the last sync of each branch found fault with: refused utilities, and what refuses nothing.
import { h } from "./dom.js";
import { empty, section, shown } from "./parts.js";
import { findingList } from "./findings.js";
import { plural } from "./format.js";
import { words } from "./text.js";
import { tenantHash } from "./route.js";

export class TenantFindings {
  constructor(tenant, status) {
    this.tenant = tenant;
    this.status = status;
  }

  // The tenant's view reads the status.
  load() {}
  close() {}

  render() {
    return shown(this.status, "the findings", ({ branches }) => {
      const parts = branches.map((branch) => this.#branch(branch)).filter(Boolean);
      return parts.length > 0 ? parts
        : empty("Nothing to find fault with", "Every utility of the last sync was accepted.");
    });
  }

  #branch({ branch, report }) {
    const refused = report?.quarantined ?? [];
    const others = report?.findings ?? [];
    if (refused.length + others.length === 0) return null;
    return h("div", { key: branch }, refused.length > 0
      ? section(`Quarantined on ${branch}`, {
        id: `quarantined-${branch}`, level: 3,
        aside: h("span", { class: "count" }, plural(refused.length, "utility", "utilities")),
      }, refused.map((utility) => h("article", { class: "card", key: utility.name },
        h("h4", { class: "mono" }, h("a", {
          href: tenantHash(this.tenant, "utilities", { q: utility.name, status: "all" }),
        }, words(utility.name, 120))),
        findingList(utility.findings ?? []))))
      : null,
    others.length > 0
      ? section(`Let through on ${branch}`, { id: `findings-${branch}`, level: 3 },
        h("p", { class: "quiet" }, "Recorded by the last sync; they refuse nothing by themselves."),
        findingList(others))
      : null);
  }
}
