// Something that is read again and again: its newest value, and how the last reading went.

/// `read(signal)` gives the value; `changed()` is called whenever there is something new to show.
export class Resource {
  value = undefined;
  error = null;
  loading = false;
  /// When the value was last confirmed, in ms since 1970.
  confirmed = 0;
  #read;
  #changed;
  #controller = null;

  constructor(read, changed) {
    this.#read = read;
    this.#changed = changed;
  }

  /// Reads once more. A newer call ends an older one; a value stays until there is a new one.
  async load() {
    this.#controller?.abort();
    const controller = (this.#controller = new AbortController());
    this.loading = true;
    this.#changed();
    try {
      const value = await this.#read(controller.signal);
      if (controller.signal.aborted) return;
      this.value = value;
      this.error = null;
      this.confirmed = Date.now();
    } catch (error) {
      if (controller.signal.aborted) return;
      this.error = error;
      // What must not be seen any more is not kept on the screen.
      if (error.kind === "signedout" || error.kind === "missing") this.value = undefined;
    }
    this.loading = false;
    this.#changed();
  }

  /// Forgets the value: the next reading is of something else.
  reset() {
    this.#controller?.abort();
    this.value = undefined;
    this.error = null;
    this.loading = false;
  }

  /// Ends a reading that is under way.
  close() {
    this.#controller?.abort();
    this.#changed = () => {};
  }
}
