// What events say, for those who hear the page. The views read the routes again in any case.

// What one push brings is said at once: nobody can listen to a hundred sentences.
const pause = 400;

/// Collects events and calls `say` with one sentence for all of a moment.
export class Announcer {
  #say;
  #utilities = new Set();
  #branches = new Map();
  #timer = null;

  constructor(say) {
    this.#say = say;
  }

  /// Takes an event; one that is none is of no interest.
  hear({ type, data }) {
    const value = parsed(data);
    if (type === "utility" && text(value, "name")) {
      this.#utilities.add(text(value, "name"));
    } else if (type === "sync" && text(value, "branch") && text(value, "phase")) {
      const state = value.removed === true ? "gone" : text(value, "phase");
      this.#branches.set(text(value, "branch"), state);
    } else {
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), pause);
  }

  #tell() {
    const names = [...this.#utilities];
    const sentences = [];
    if (names.length > 3) sentences.push(`${names.length} utilities changed`);
    else if (names.length > 0) sentences.push(`${names.join(", ")} changed`);
    for (const [branch, phase] of this.#branches) sentences.push(`branch ${branch} is ${phase}`);
    this.#utilities.clear();
    this.#branches.clear();
    this.#say(sentences.join("; "));
  }
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}

function text(value, key) {
  const found = value !== null && typeof value === "object" ? value[key] : "";
  return typeof found === "string" ? found.slice(0, 100) : "";
}
