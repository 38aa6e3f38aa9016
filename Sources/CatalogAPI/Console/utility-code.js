// The code of a utility, as the catalog has it.
import { h } from "./dom.js";
import { codeView } from "./code.js";
import { empty, notice } from "./parts.js";
import { plural, size } from "./format.js";
import { hasHidden } from "./text.js";
import { lines } from "./lines.js";

export class UtilityCode {
  #facts = { text: null };

  constructor(view) {
    this.view = view;
    this.navigate(view.query);
  }

  navigate(query) {
    this.line = Math.max(0, Number(query.line) || 0);
    return true;
  }

  render(entry) {
    const text = entry.filecontents_instring ?? "";
    if (text === "") {
      return entry.status === "inactive"
        ? empty("No code", "The utility was removed from git. Its history has what it was.")
        : empty("No code", "The file is empty.");
    }
    // A quarantine's findings are of another version than this one; those of `sync` are of this.
    const marks = new Map();
    for (const finding of entry.sync?.findings ?? []) {
      if (finding.path !== entry.sync.path || !finding.line) continue;
      marks.set(finding.line, [...(marks.get(finding.line) ?? []), finding]);
    }
    const { number, bytes, isHidden } = this.#measured(text);
    return [
      h("div", { class: "code-head" },
        h("span", { class: "mono" }, entry.filename),
        h("span", { class: "quiet num" }, `${plural(number, "line")}, ${size(bytes)}`),
        h("button", {
          type: "button", class: "button", on: { click: () => this.#save(entry) },
        }, "Download")),
      isHidden
        ? notice("degraded", "This file has characters that cannot be seen", h("p", {},
          "They may make code look like something else. Each stands here as its number."))
        : null,
      codeView({
        text, marks, target: this.line, label: "Code",
        key: `${entry.filehash}/${this.line}/${marks.size}`,
      }),
    ];
  }

  // Counting a large file takes its time: once for each text is enough.
  #measured(text) {
    if (this.#facts.text !== text) {
      this.#facts = {
        text, number: lines(text).length, bytes: new TextEncoder().encode(text).length,
        isHidden: hasHidden(text),
      };
    }
    return this.#facts;
  }

  #save(entry) {
    const address = URL.createObjectURL(
      new Blob([entry.filecontents_instring], { type: "text/x-python" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = entry.filename;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  close() {}
}
