// Numbers, moments and names of commits, written the same way everywhere.
import { h } from "./dom.js";

const two = (number) => String(number).padStart(2, "0");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const grouped = new Intl.NumberFormat("en");

/// 1234567 -> 1,234,567.
export const count = (number) => grouped.format(number ?? 0);

/// "1 entry", "2 entries".
export const plural = (number, one, many = `${one}s`) =>
  `${count(number)} ${number === 1 ? one : many}`;

/// A moment in the reader's time zone: 2026-01-31 09:05:07.
export function moment(ms) {
  const date = new Date(ms);
  if (!Number.isFinite(date.getTime())) return "";
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/// "3 min. ago", "in 20 sec.".
export function distance(ms, now = Date.now()) {
  const seconds = Math.round((ms - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  if (size < 90) return relative.format(seconds, "second");
  if (size < 5400) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 129600) return relative.format(Math.round(seconds / 3600), "hour");
  if (size < 5184000) return relative.format(Math.round(seconds / 86400), "day");
  if (size < 47304000) return relative.format(Math.round(seconds / 2592000), "month");
  return relative.format(Math.round(seconds / 31536000), "year");
}

/// A moment as people say it, with the exact one behind it.
export function when(ms, how = distance) {
  if (!Number.isFinite(ms) || ms <= 0) return h("span", { class: "none" }, "never");
  const date = new Date(ms);
  const exact = moment(ms);
  if (exact === "") return h("span", { class: "none" }, "unreadable date");
  return h("time", { datetime: date.toISOString(), title: exact, class: "num" }, how(ms));
}

/// 41.5 -> "42 ms", 2300 -> "2.3 s".
export function span(ms) {
  if (!Number.isFinite(ms)) return "";
  if (ms < 1) return "< 1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
}

/// 3482 -> "3.4 KB".
export function size(bytes) {
  if (bytes < 1024) return plural(bytes, "byte");
  if (bytes < 1048576) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1048576).toFixed(1)} MB`;
}

/// The commit of `main@sha1:<40 hex>`, or the text itself.
export function commitOf(revision) {
  const match = /(?:^|:)([0-9a-f]{7,64})$/.exec(revision ?? "");
  return match ? match[1] : "";
}

/// The first line of a message.
export const firstLine = (text) => String(text ?? "").split("\n", 1)[0];
