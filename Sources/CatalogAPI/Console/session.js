// The user's token: kept for this tab only, never in a cookie, an address or a log.

const key = "console.token";
const watchers = new Set();
let memory = null;

function stored() {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return memory;
  }
}

/// The token, or "".
export const token = () => stored() ?? "";

/// Takes a token over, or forgets it with "".
export function setToken(text) {
  memory = text || null;
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch {
    // Without storage the token lives as long as the page.
  }
  watchers.forEach((watcher) => watcher());
}

/// Calls `watcher` when the token changed.
export function onToken(watcher) {
  watchers.add(watcher);
}

/// What a pasted text has of a token: without "Bearer", quotes and white space.
export function cleaned(text) {
  return text.trim().replace(/^(authorization:\s*)?bearer\s+/i, "").replace(/^"|"$/g, "").trim();
}

/// The claims of a JWT for display, or null. Nothing is verified here: that is the agent's part.
export function claims(text) {
  const parts = text.split(".");
  if (parts.length !== 3) return null;
  try {
    const bytes = atob(parts[1].replace(/-/g, "+").replace(/_/g, "/"));
    const json = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    const value = JSON.parse(json);
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
