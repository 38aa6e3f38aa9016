// What operators and the agent decided, newest first; for the operator's token.
import { h } from "./dom.js";
import { path, readEnvelope } from "./api.js";
import { Resource } from "./resource.js";
import { empty, revision, shown } from "./parts.js";
import { table } from "./table.js";
import { when } from "./format.js";
import { words } from "./text.js";

export class AuditTrail {
  constructor(tenant, changed) {
    this.tenant = tenant;
    this.records = new Resource((signal) =>
      readEnvelope(path`/utils/v1/audit/${tenant}`, { signal }), changed);
  }

  load() {
    return this.records.load();
  }

  close() {
    this.records.close();
  }

  render() {
    const kind = this.records.error?.kind;
    if (kind === "missing" || kind === "signedout") {
      return empty("The audit records are not for everybody",
        "They are shown to an operator's token, by an agent that keeps them.");
    }
    return shown(this.records, "the audit records", (envelope) => {
      const rows = envelope.data ?? [];
      if (rows.length === 0) {
        return empty("Nothing is recorded yet",
          "Approvals, roll-backs, suspensions, holds and quarantines appear here.");
      }
      return table({
        label: "Audit records", head: "when", rows,
        rowKey: (row) => `${row.at}/${row.action}/${row.subject}`,
        columns: [
          { key: "when", title: "When", cell: (row) => when(row.at) },
          {
            key: "what", title: "What",
            cell: (row) => words(String(row.action).replaceAll("_", " "), 80),
          },
          { key: "who", title: "Who", cell: (row) => words(row.actor, 120) },
          { key: "subject", title: "Of", cell: (row) => words(row.subject, 120) },
          {
            key: "revision", title: "Revision",
            cell: (row) => (row.revision ? revision(row.revision, this.tenant) : null),
          },
          { key: "why", title: "Why", cell: (row) => h("span", {}, words(row.reason, 2000)) },
        ],
      });
    });
  }
}
