// A file on the screen. Long ones stay usable: lines stand in blocks, a block has its place from
// the start and gets its colours when it comes near the window.
import { build, h } from "./dom.js";
import { codeParts } from "./text.js";
import { lines, visiblePart } from "./lines.js";
import { start, tokenise } from "./python.js";
import { count } from "./format.js";

const blockLines = 200;
// Beyond this the file is shown without colours.
const colouredAtMost = 3_000_000;

/// The nodes of one line of code, from its tokens and the state before it.
function codeLine(line, state, isColoured = true) {
  const { text, rest } = visiblePart(line);
  const result = isColoured ? tokenise(text, state) : { tokens: [{ kind: "", text }], state };
  const nodes = result.tokens.map(({ kind, text: part }) => kind
    ? h("span", { class: `t-${kind}` }, codeParts(part)) : codeParts(part));
  if (rest > 0) nodes.push(h("span", { class: "cut" }, ` … ${count(rest)} more characters`));
  return { nodes, state: result.state };
}

/// A file's code. `marks` maps line numbers to findings; `target` is a line to go to.
export function codeView({ text, marks = new Map(), target = 0, key, label }) {
  return h("div", {
    key, class: "code", role: "region", "aria-label": label, tabindex: "0",
    mount: (element) => new CodePane(element, text, marks, target).start(),
  });
}

class CodePane {
  #states = [start];

  constructor(element, text, marks, target) {
    this.element = element;
    this.lines = lines(text);
    this.isColoured = text.length <= colouredAtMost;
    this.marks = marks;
    this.target = target;
  }

  start() {
    const digits = String(this.lines.length).length;
    this.element.style.setProperty("--digits", String(Math.max(3, digits)));
    const observer = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        this.#colour(target);
      }
    }, { rootMargin: "1200px 0px" });
    for (let first = 0; first < this.lines.length; first += blockLines) {
      const block = this.#block(first);
      this.element.append(block);
      observer.observe(block);
    }
    if (this.target > 0) requestAnimationFrame(() => this.#goTo(this.target));
    return () => observer.disconnect();
  }

  // Plain text at first: it can be searched by the browser, and is one node whatever its length.
  #block(first) {
    const last = Math.min(first + blockLines, this.lines.length);
    const block = document.createElement("pre");
    block.className = "code-block";
    block.dataset.first = String(first);
    block.style.setProperty("--lines", String(last - first));
    const numbers = build(h("span", { class: "numbers", "aria-hidden": "true" }));
    numbers.textContent =
      Array.from({ length: last - first }, (_, index) => first + index + 1).join("\n");
    const body = build(h("code", { class: "lines" }));
    body.textContent = this.lines.slice(first, last)
      .map((line) => visiblePart(line).text).join("\n");
    block.append(numbers, body);
    return block;
  }

  #colour(block) {
    const first = Number(block.dataset.first);
    let state = this.#stateAt(first / blockLines);
    const body = block.lastChild;
    const made = [];
    let numbers = "";
    const last = Math.min(first + blockLines, this.lines.length);
    for (let index = first; index < last; index += 1) {
      const line = codeLine(this.lines[index], state, this.isColoured);
      state = line.state;
      made.push(this.#line(index + 1, line.nodes));
      // Each note below a line takes a row of its own.
      const notes = this.marks.get(index + 1)?.length ?? 0;
      numbers += `${index + 1}\n${"\n".repeat(notes)}`;
    }
    block.firstChild.textContent = numbers;
    body.replaceChildren(...made);
  }

  #line(number, nodes) {
    const findings = this.marks.get(number);
    const isTarget = number === this.target;
    const grave = findings?.some((finding) => finding.severity === "HIGH");
    const line = build(h("span", {
      class: `line${findings ? ` marked ${grave ? "grave" : ""}` : ""}${isTarget ? " target" : ""}`,
      "data-line": number,
    }, nodes, "\n"));
    for (const finding of findings ?? []) {
      line.append(build(h("span", { class: "line-note" },
        h("strong", {}, finding.rule), " ", finding.message, "\n")));
    }
    return line;
  }

  #stateAt(block) {
    for (let known = this.#states.length; known <= block; known += 1) {
      let state = this.#states[known - 1];
      if (this.isColoured) {
        const first = (known - 1) * blockLines;
        for (const line of this.lines.slice(first, first + blockLines)) {
          state = tokenise(visiblePart(line).text, state).state;
        }
      }
      this.#states.push(state);
    }
    return this.#states[block];
  }

  #goTo(number) {
    const block = this.element.children[Math.floor((number - 1) / blockLines)];
    if (!block) return;
    this.#colour(block);
    block.querySelector(`[data-line="${number}"]`)?.scrollIntoView({ block: "center" });
  }
}
