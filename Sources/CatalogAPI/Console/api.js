// Reading from the agent: one place that knows of tokens, entity tags and what can go wrong.
import { token, onToken } from "./session.js";

const patience = 20000;
const keptAtMost = 120;
const kept = new Map();
onToken(() => kept.clear());

/// What went wrong, sorted by what a user can do about it:
/// offline, signedout, missing, refused (bad request), limited (too many), failed.
class ReadError extends Error {
  constructor(kind, message, extra = {}) {
    super(message);
    this.kind = kind;
    Object.assign(this, extra);
  }
}

/// The headers of a request: the token where there is one.
export function headers(extra = {}) {
  const bearer = token();
  return bearer ? { ...extra, Authorization: `Bearer ${bearer}` } : extra;
}

/// A path of literal parts and values: values are escaped.
export function path(parts, ...values) {
  return parts.reduce((text, part, index) => text + encodeURIComponent(values[index - 1]) + part);
}

/// The envelope of a route; asked with the entity tag of the answer before, if there was one and it
/// is to be kept.
export async function readEnvelope(address, { signal, isKept = true } = {}) {
  const known = kept.get(address);
  const response = await request(address, signal, "application/json", known?.etag);
  if (response.status === 304 && known) return known.envelope;
  const envelope = await parsed(response);
  if (!response.ok) throw refusal(response, envelope);
  const etag = response.headers.get("ETag");
  if (etag && isKept) keep(address, { etag, envelope });
  return envelope;
}

/// The bytes of a route that answers a file.
export async function readBytes(address, { signal } = {}) {
  const response = await request(address, signal, "*/*");
  if (!response.ok) throw refusal(response, await parsed(response));
  return new Uint8Array(await response.arrayBuffer());
}

/// A health answer: 503 carries one too.
export async function readHealth({ signal } = {}) {
  const response = await request("/health", signal, "application/json");
  return parsed(response);
}

/// The error that an answer with a failing status stands for.
export function refusal(response, envelope) {
  const extra = {
    status: response.status,
    code: envelope?.error || "",
    requestID: response.headers.get("X-Request-ID") ?? "",
    expired: envelope?.sessionexpired === true,
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
  };
  const message = envelope?.displaymessage || `The agent answered with status ${response.status}.`;
  const kinds = { 401: "signedout", 403: "signedout", 404: "missing", 429: "limited" };
  const kind = kinds[response.status] ?? (response.status < 500 ? "refused" : "failed");
  return new ReadError(kind, message, extra);
}

async function request(address, signal, accept, etag) {
  const limit = AbortSignal.timeout(patience);
  try {
    return await fetch(address, {
      headers: headers(etag ? { Accept: accept, "If-None-Match": etag } : { Accept: accept }),
      // The browser keeps nothing on disk; what is kept is kept here.
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const message = limit.aborted
      ? "The agent did not answer in time."
      : "The agent cannot be reached.";
    throw new ReadError("offline", message);
  }
}

async function parsed(response) {
  let text;
  try {
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ReadError("offline", "The connection ended in the middle of an answer.");
  }
  try {
    return JSON.parse(text);
  } catch {
    if (!response.ok) return null;
    throw new ReadError("failed", "What answers here is not the agent: the answer is no JSON.");
  }
}

function keep(address, answer) {
  kept.delete(address);
  kept.set(address, answer);
  if (kept.size > keptAtMost) kept.delete(kept.keys().next().value);
}
