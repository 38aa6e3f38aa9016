// Text of others, made safe to look at. Markup is no danger here (see dom.js); characters that
// hide, or that turn the reading order around ("Trojan Source", CVE-2021-42574), are shown by their
// number.
import { h } from "./dom.js";

// Soft hyphen, zero-width and direction marks, line separators, tags, lone surrogates.
const hiding = "\\xad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f" +
  "\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}\\p{Cs}";
// Joiners (U+200C, U+200D) are part of some scripts and of emoji: prose keeps them, code does not.
const odd = new RegExp(`[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f${hiding}]`, "u");
const oddInCode = new RegExp(`[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200c\\u200d${hiding}]`, "u");

/// The number of a character, as Unicode writes it.
function codePoint(character) {
  const number = character.codePointAt(0).toString(16).toUpperCase();
  return `U+${number.padStart(4, "0")}`;
}

function split(text, pattern, make) {
  if (!pattern.test(text)) return [text];
  const parts = [];
  let rest = 0;
  for (const match of text.matchAll(new RegExp(pattern.source, "gu"))) {
    if (match.index > rest) parts.push(text.slice(rest, match.index));
    parts.push(make(match[0]));
    rest = match.index + match[0].length;
  }
  if (rest < text.length) parts.push(text.slice(rest));
  return parts;
}

function mark(character) {
  const number = codePoint(character);
  return h("span", { class: "odd", title: `invisible character ${number}` }, number);
}

/// Text for people in an isolated run, so that its direction ends with it; cut after `limit`
/// characters.
export function words(text, limit = 20000) {
  const whole = String(text ?? "");
  const shown = whole.length > limit ? `${whole.slice(0, limit)}…` : whole;
  return h("bdi", { class: "words" }, split(shown, odd, mark));
}

/// A path or an address, which may go on in the next line after each slash.
export function breakable(text, limit = 1000) {
  const parts = String(text ?? "").slice(0, limit).split(/(?<=[/])/);
  return h("bdi", { class: "words" }, parts.map((part, index) =>
    [index > 0 ? h("wbr", {}) : null, split(part, odd, mark)]));
}

/// The parts of a piece of code: strings, and marks for what hides.
export function codeParts(text) {
  return split(text, oddInCode, mark);
}

/// Whether a file has characters that hide or turn the reading order.
export function hasHidden(text) {
  return oddInCode.test(text.startsWith("\ufeff") ? text.slice(1) : text);
}
