// The categories of a tenant: gathered from its entries, page by page, behind what is shown.
import { path, readEnvelope } from "./api.js";

const pageSize = 1000;
const mostPages = 10;

export class Categories {
  #tenant;
  #changed;
  #names = new Set();
  #started = false;
  #controller = new AbortController();

  constructor(tenant, changed) {
    this.#tenant = tenant;
    this.#changed = changed;
  }

  /// What is known, sorted, with the chosen one.
  names(chosen) {
    const all = new Set(this.#names);
    if (chosen) all.add(chosen);
    return [...all].sort((left, right) => left.localeCompare(right));
  }

  /// Takes those of a page of entries, and once reads the others.
  async load(envelope) {
    this.#take(envelope);
    if (this.#started) return;
    this.#started = true;
    try {
      for (let page = 0; page < mostPages; page += 1) {
        const next = await readEnvelope(
          `${path`/utils/v1/custom-utils/${this.#tenant}/-/-`}?status=all&limit=${pageSize}` +
            (page > 0 ? `&offset=${page * pageSize}` : ""),
          { signal: this.#controller.signal, isKept: false });
        this.#take(next);
        if ((page + 1) * pageSize >= next.count) return;
      }
    } catch {
      // The filter offers fewer; the list itself says what went wrong. The next look asks again.
      this.#started = false;
    }
  }

  close() {
    this.#controller.abort();
  }

  #take(envelope) {
    const before = this.#names.size;
    for (const entry of envelope?.data ?? []) if (entry.category) this.#names.add(entry.category);
    if (this.#names.size !== before) this.#changed();
  }
}
