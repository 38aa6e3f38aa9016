// Hashes computed here, in the browser, from the bytes that the agent sent.

/// Whether this page may compute: browsers do so on HTTPS and on this machine's own address only.
export const canHash = () => globalThis.crypto?.subtle !== undefined;

const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

/// SHA-256 of bytes, as the catalog's `filehash` has it.
export async function sha256(bytes) {
  return hex(await crypto.subtle.digest("SHA-256", bytes));
}

/// The name that git gives to a file's contents: SHA-1 over a header and the bytes.
export async function blobName(bytes) {
  const header = new TextEncoder().encode(`blob ${bytes.length}\0`);
  const whole = new Uint8Array(header.length + bytes.length);
  whole.set(header);
  whole.set(bytes, header.length);
  return hex(await crypto.subtle.digest("SHA-1", whole));
}
