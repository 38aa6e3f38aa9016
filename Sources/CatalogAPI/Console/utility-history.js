// The revisions of a utility, and what changed between two of them.
import { h } from "./dom.js";
import { path, readBytes, readEnvelope } from "./api.js";
import { Resource } from "./resource.js";
import { digest, empty, problem, shown, loading } from "./parts.js";
import { select } from "./table.js";
import { firstLine, moment, when } from "./format.js";
import { breakable, words } from "./text.js";
import { commitHash } from "./route.js";
import { diffView } from "./diff-view.js";

const pageSize = 30;

export class UtilityHistory {
  readsGit = true;
  #open = new Set();
  #shown = pageSize;
  // A file at a commit never changes: it is read once.
  #files = new Map();

  constructor(view) {
    this.view = view;
    this.#take(view.query);
    const update = () => view.app.update();
    this.records = new Resource(async (signal) => (await readEnvelope(
      path`/utils/v1/history/${view.tenant}/${view.id}` + view.statusQuery(), { signal })).data,
    update);
    this.pair = new Resource(async (signal) => {
      const [from, to] = this.#pairOf(this.records.value ?? []);
      if (!to) return null;
      const before = from ? await this.#file(from, signal) : "";
      return { from, to, before, after: await this.#file(to, signal) };
    }, update);
  }

  #take(query) {
    this.from = query.from ?? "";
    this.to = query.to ?? "";
  }

  navigate(query) {
    this.#take(query);
    this.#open.clear();
    this.pair.reset();
    this.pair.load();
    return true;
  }

  async load() {
    await this.records.load();
    if (this.records.value) await this.pair.load();
  }

  close() {
    this.records.close();
    this.pair.close();
  }

  // The records to compare: as chosen, or the newest with the one before it.
  #pairOf(records) {
    const find = (commit) => records.find((record) => record.commit === commit);
    const to = find(this.to) ?? records[0];
    const next = records[records.indexOf(to) + 1] ?? null;
    return [this.from === "none" ? null : (find(this.from) ?? next), to ?? null];
  }

  async #file(record, signal) {
    if (record.filehash === "") return "";
    const known = this.#files.get(record.commit);
    if (known !== undefined) return known;
    const { tenant, id } = this.view;
    const bytes = await readBytes(path`/utils/v1/source/${tenant}/${id}` +
      this.view.statusQuery({ revision: record.commit }), { signal });
    const text = new TextDecoder().decode(bytes);
    this.#files.set(record.commit, text);
    return text;
  }

  render() {
    if (this.records.error?.kind === "missing") {
      return empty("No history", "This agent does not tell the history of utilities.");
    }
    return shown(this.records, "the history", (records) => records.length === 0
      ? empty("No history", "Git has no revision of this file.")
      : [this.#comparison(records), this.#list(records)]);
  }

  #comparison(records) {
    const [from, to] = this.#pairOf(records);
    const options = records.map((record) => [record.commit,
      `${record.commit.slice(0, 10)} ${moment(record.date).slice(0, 10)} ` +
        firstLine(record.message).slice(0, 60)]);
    const choose = (query) => this.view.app.go(this.view.link("history", {
      from: from?.commit ?? "none", to: to.commit, ...query,
    }));
    return h("div", { class: "comparison", key: "comparison" },
      h("div", { class: "tools" },
        select({
          id: "compare-from", label: "From", value: from?.commit ?? "none",
          options: [["none", "an empty file"], ...options],
          onChange: (value) => choose({ from: value }),
        }),
        select({
          id: "compare-to", label: "To", value: to.commit, options,
          onChange: (value) => choose({ to: value }),
        })),
      this.#difference());
  }

  #difference() {
    if (this.pair.error) {
      return this.pair.error.kind === "missing"
        ? empty("The file cannot be shown", "Git has no such file at that revision any more.")
        : problem(this.pair.error, "the files", () => this.pair.load());
    }
    if (!this.pair.value) return loading("the two versions", 6);
    const { before, after, from, to } = this.pair.value;
    const name = (record) => record?.commit.slice(0, 10) ?? "an empty file";
    return diffView({
      before, after, open: this.#open, changed: () => this.view.app.update(),
      label: `Changes from ${name(from)} to ${name(to)}`,
    });
  }

  #list(records) {
    const [, current] = this.#pairOf(records);
    return h("div", { key: "list" },
      h("h3", {}, "Revisions"),
      h("ol", { class: "revisions" }, records.slice(0, this.#shown).map((record, index) =>
        this.#record(record, records[index + 1], record === current))),
      records.length > this.#shown
        ? h("p", {}, h("button", {
          type: "button", class: "button",
          on: { click: () => { this.#shown += pageSize; this.view.app.update(); } },
        }, "Show older revisions"))
        : null);
  }

  #record(record, before, isCurrent) {
    const moved = before?.path && record.path && before.path !== record.path;
    const rest = record.message.trim().split("\n").slice(1).join("\n").trim();
    return h("li", { key: record.commit, class: isCurrent ? "current" : "" },
      h("div", { class: "revision-head" },
        h("a", {
          href: this.view.link("history", { from: before?.commit ?? "none", to: record.commit }),
          "aria-current": isCurrent ? "true" : null,
        }, words(firstLine(record.message) || "(no message)", 200)),
        digest(record.commit, { link: commitHash(record.commit, this.view.tenant) })),
      h("p", { class: "quiet" }, words(record.author, 120), ", ", when(record.date),
        record.approver ? [", approved by ", words(record.approver, 120)] : null,
        record.filehash === "" ? ", removed the file" : null,
        moved ? [", moved from ", h("span", { class: "mono" }, breakable(before.path))] : null),
      rest ? h("details", {}, h("summary", {}, "Whole message"),
        h("pre", { class: "excerpt", tabindex: "0", "aria-label": "Message" }, words(rest)))
        : null);
  }
}
