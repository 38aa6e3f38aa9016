// What was found in a utility: in the refused version, and in the one that runs.
import { h } from "./dom.js";
import { empty, revision, section } from "./parts.js";
import { findingList } from "./findings.js";

export class UtilityFindings {
  constructor(view) {
    this.view = view;
  }

  render(entry) {
    const refused = entry.quarantine?.findings ?? [];
    const recorded = entry.sync?.findings ?? [];
    if (refused.length + recorded.length === 0) {
      return empty("Nothing to find fault with", "This version breaks no rule.");
    }
    return [
      refused.length > 0
        ? section("Why the newest version was refused", { id: "refused", level: 3 },
          h("p", {}, "Revision ", revision(entry.quarantine.revision, this.view.tenant)),
          findingList(refused))
        : null,
      recorded.length > 0
        ? section("Recorded for the version that runs", { id: "recorded", level: 3 },
          h("p", { class: "quiet" }, "Worth a reviewer's look; they refuse nothing."),
          findingList(recorded, {
            link: (finding) => finding.line && finding.path === entry.sync.path
              ? this.view.link("code", { line: finding.line }) : null,
          }))
        : null,
    ];
  }
}
