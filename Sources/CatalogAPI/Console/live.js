// Following a tenant: its event stream while there is one, asking now and then while there is not.
// An event only says "look again"; what is shown is always what the routes answer.
import { headers, path, refusal } from "./api.js";
import { EventStreamParser } from "./event-stream.js";

const pollInterval = 5000;
const silence = 60000;
const firstDelay = 500;
const longestDelay = 30000;
// A hidden page gives its connection back: a browser has six for a host, and tabs share them.
const hiddenFor = 20000;

/// Its state is one of: connecting, live, polling (there is no stream), retrying, paused, ended.
export class Follower {
  state = "connecting";
  #tenant;
  #onEvent;
  #onLook;
  #onState;
  #lastID = "";
  #delay = firstDelay;
  #retry = firstDelay;
  #controller = null;
  #timers = new Map();
  #closed = false;
  #visibility = () => this.#visible();

  /// Follows `tenant`, or with null all of them by asking. `onEvent(event)` is called for each
  /// event, `onLook()` when everything should be read again, `onState(state)` when that changes.
  constructor(tenant, { onEvent, onLook, onState }) {
    this.#tenant = tenant;
    this.#onEvent = onEvent;
    this.#onLook = onLook;
    this.#onState = onState;
    document.addEventListener("visibilitychange", this.#visibility);
    if (tenant === null) this.#poll("polling");
    else this.#connect();
  }

  close() {
    this.#closed = true;
    document.removeEventListener("visibilitychange", this.#visibility);
    this.#controller?.abort();
    this.#timers.forEach((timer) => clearTimeout(timer));
  }

  #set(state) {
    if (this.state === state || this.#closed) return;
    this.state = state;
    this.#onState(state);
  }

  #after(name, delay, action) {
    this.#cancel(name);
    if (this.#closed) return;
    this.#timers.set(name, setTimeout(() => {
      this.#timers.delete(name);
      action();
    }, delay));
  }

  #cancel(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  async #connect() {
    const controller = (this.#controller = new AbortController());
    const watch = () => this.#after("silence", silence, () => controller.abort());
    let wait = 0;
    try {
      watch();
      const response = await fetch(path`/utils/v1/events/${this.#tenant}`, {
        headers: headers({
          Accept: "text/event-stream",
          ...(this.#lastID ? { "Last-Event-ID": this.#lastID } : {}),
        }),
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        signal: controller.signal,
      });
      if (!response.ok) {
        const error = refusal(response, null);
        await response.body?.cancel();
        // No such route or tenant, or no access: the views say what there is to say.
        if (error.kind === "missing" || error.kind === "refused") return this.#poll("polling");
        if (error.kind === "signedout") {
          this.#cancel("poll");
          return this.#set("ended");
        }
        wait = error.retryAfter * 1000;
        throw error;
      }
      this.#cancel("poll");
      this.#delay = this.#retry;
      this.#set("live");
      // What happened between the first reading and now is in no event: one look covers it.
      this.#onLook();
      await this.#receive(response.body.getReader(), watch);
    } catch {
      // Whatever ended the stream: it is opened again below.
    }
    this.#cancel("silence");
    if (this.#closed || this.state === "paused") return;
    this.#poll("retrying");
    const delay = Math.max(wait, this.#delay * (0.5 + Math.random() / 2));
    this.#delay = Math.min(this.#delay * 2, longestDelay);
    this.#after("connect", delay, () => this.#connect());
  }

  async #receive(reader, watch) {
    const parser = new EventStreamParser({
      lastID: this.#lastID,
      onEvent: (event) => this.#onEvent(event),
      onRetry: (ms) => (this.#retry = this.#delay = Math.min(ms, longestDelay)),
    });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      watch();
      parser.push(value);
      this.#lastID = parser.lastID;
    }
  }

  #poll(state) {
    this.#set(state);
    // A stream that fails again and again does not put the next look off.
    if (this.#timers.has("poll")) return;
    this.#after("poll", pollInterval, () => {
      if (document.visibilityState === "visible") this.#onLook();
      this.#poll(this.state);
    });
  }

  #visible() {
    if (document.visibilityState === "hidden") {
      this.#after("hidden", hiddenFor, () => {
        if (this.state !== "live") return;
        this.#set("paused");
        this.#controller?.abort();
      });
      return;
    }
    this.#cancel("hidden");
    if (this.state === "paused") {
      this.#set("connecting");
      this.#connect();
    } else if (this.state !== "live") {
      this.#onLook();
    }
  }
}
