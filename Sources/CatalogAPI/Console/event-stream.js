// The event stream format (HTML Living Standard, section 9.2), parsed from bytes as they come.

/// Takes chunks of bytes and calls `onEvent({type, data, id})` for each whole event and
/// `onRetry(ms)` where the server says how long to wait before it is asked again.
export class EventStreamParser {
  /// The id to resume from.
  lastID = "";
  #decoder = new TextDecoder();
  #rest = "";
  #type = "";
  #data = [];
  #id = "";
  #onEvent;
  #onRetry;

  constructor({ onEvent, onRetry = () => {}, lastID = "" }) {
    this.#onEvent = onEvent;
    this.#onRetry = onRetry;
    this.lastID = this.#id = lastID;
  }

  push(bytes) {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    // A carriage return at the very end may be half of a line's end: it waits for what follows.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    lines.forEach((line) => this.#line(line));
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#type = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.#onRetry(Number(value));
  }

  #dispatch() {
    this.lastID = this.#id;
    const [type, data] = [this.#type || "message", this.#data.join("\n")];
    const isEmpty = this.#data.length === 0;
    this.#type = "";
    this.#data = [];
    if (!isEmpty) this.#onEvent({ type, data, id: this.lastID });
  }
}
