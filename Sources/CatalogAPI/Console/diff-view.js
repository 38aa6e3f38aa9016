// Two versions of a file on the screen, one under the other, with what is the same folded away.
import { h } from "./dom.js";
import { diff, differingPart } from "./diff.js";
import { codeParts } from "./text.js";
import { lines, visiblePart } from "./lines.js";
import { plural, count } from "./format.js";

const context = 3;
const mostRows = 3000;
const signs = { same: " ", removed: "−", added: "+" };
const names = { removed: "removed", added: "added" };

/// The difference of two texts; `open` is the set of unfolded runs, which `changed()` follows.
export function diffView({ before, after, open, changed, label }) {
  const { runs, isWhole } = compared(before, after);
  const [added, removed] = ["added", "removed"].map((kind) =>
    runs.filter((run) => run.kind === kind).reduce((sum, run) => sum + run.lines.length, 0));
  if (added + removed === 0) return h("p", { class: "quiet" }, "The two versions are the same.");
  const rows = allRows(runs, open, changed);
  return [
    h("p", { class: "diff-sum num" },
      h("span", { class: "plus" }, `+${plural(added, "line")}`), " ",
      h("span", { class: "minus" }, `−${plural(removed, "line")}`)),
    isWhole ? null : h("p", { class: "quiet" },
      "The versions differ so much that the middle is shown as one replacement."),
    h("div", { class: "code diff", role: "region", "aria-label": label, tabindex: "0" },
      rows.slice(0, mostRows)),
    rows.length > mostRows
      ? h("p", { class: "quiet" }, `${count(rows.length - mostRows)} more lines are not shown.`)
      : null,
  ];
}

// The same two texts are compared once, however often the page is drawn.
let last = { before: null, after: null, result: null };
function compared(before, after) {
  if (last.before !== before || last.after !== after) {
    last = { before, after, result: diff(lines(before), lines(after)) };
  }
  return last.result;
}

function allRows(runs, open, changed) {
  return runs.flatMap((run, index) => {
    if (run.kind === "same") return sameRows(run, index, runs.length, open, changed);
    const partner = run.kind === "removed" ? runs[index + 1] : runs[index - 1];
    const isPaired = partner && partner.kind !== "same" &&
      partner.lines.length === run.lines.length;
    return run.lines.map((line, at) =>
      row(run, at, marked(line, isPaired ? partner.lines[at] : null)));
  });
}

function sameRows(run, index, total, open, changed) {
  const first = index === 0 ? 0 : context;
  const last = index === total - 1 ? 0 : context;
  const hidden = run.lines.length - first - last;
  const all = run.lines.map((line, at) => [line, at]);
  const show = (pairs) => pairs.map(([line, at]) =>
    row(run, at, codeParts(visiblePart(line).text)));
  if (hidden < 2 || open.has(run.before)) return show(all);
  return [
    ...show(all.slice(0, first)),
    h("button", {
      type: "button", class: "fold", key: `fold-${run.before}`,
      on: { click: () => { open.add(run.before); changed(); } },
    }, `Show ${plural(hidden, "line")} that did not change`),
    ...show(all.slice(run.lines.length - last)),
  ];
}

function row(run, at, nodes) {
  const before = run.kind === "added" ? "" : run.before + at;
  const after = run.kind === "removed" ? "" : run.after + at;
  return h("div", { class: `diff-line is-${run.kind}`, key: `${before}/${after}` },
    h("span", { class: "diff-number", "aria-hidden": "true" }, before),
    h("span", { class: "diff-number", "aria-hidden": "true" }, after),
    h("span", { class: "diff-sign", "aria-hidden": "true" }, signs[run.kind]),
    names[run.kind] ? h("span", { class: "hidden" }, `${names[run.kind]}: `) : null,
    h("code", {}, nodes.length ? nodes : " "));
}

function marked(line, partner) {
  const { text } = visiblePart(line);
  if (partner === null) return codeParts(text);
  const [begin, end] = differingPart(text, visiblePart(partner).text);
  // Lines that share little are marked as a whole already.
  if (end <= begin || end - begin > text.length * 0.7) return codeParts(text);
  return [codeParts(text.slice(0, begin)),
    h("mark", {}, codeParts(text.slice(begin, end))), codeParts(text.slice(end))];
}
