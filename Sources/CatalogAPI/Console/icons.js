// Small drawings, 16 by 16, in the colour of the text around them. Each state has a shape of its
// own: colour alone says nothing here.
import { h } from "./dom.js";

// Looked up by words of others: without a prototype it knows no `constructor`.
const shapes = {
  __proto__: null,
  brand: "M3.2 5.2V3.4A1.4 1.4 0 0 1 4.6 2h6.8a1.4 1.4 0 0 1 1.4 1.4v9.2a1.4 1.4 0 0 1-1.4 1.4" +
    "H4.6a1.4 1.4 0 0 1-1.4-1.4v-1.8M1 8h7.6M6.2 5.4L8.8 8L6.2 10.6",
  synced: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM5 8.2l2.1 2.1L11.2 6",
  syncing: "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.6 1.6v3h-3",
  degraded: "M8 2L14.6 13.6H1.4zM8 6.3v3.4M8 11.6v.2",
  held: "M5.2 3v10M10.8 3v10",
  suspended: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM3.4 3.4l9.2 9.2",
  failed: "M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3L1.5 10.7V5.3zM5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6",
  draft: "M2.5 13.5l.8-3.2L10.8 2.8l2.4 2.4L5.7 12.7zM9.3 4.3l2.4 2.4",
  inactive: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM5 8h6",
  pending: "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13zM8 4.5V8l2.4 1.6",
  unknown: "M5.6 5.8a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1 .9-1 1.7M8 12v.2",
  superseded: "M2.5 8h9M8 4.3L11.7 8L8 11.7M14 3.5v9",
  search: "M7 2a5 5 0 1 1 0 10a5 5 0 0 1 0-10zM10.8 10.8L14 14",
  copy: "M5.5 5.5h8v8h-8zM3 10.5H2.5v-8h8V3",
  up: "M8 3.5v9M4.3 7.2L8 3.5l3.7 3.7",
  down: "M8 12.5v-9M4.3 8.8L8 12.5l3.7-3.7",
  theme: "M8 1.5a6.5 6.5 0 1 1 0 13zM8 1.5a6.5 6.5 0 1 0 0 13z",
  key: "M5.2 6.2a3.2 3.2 0 1 1 0 6.4a3.2 3.2 0 0 1 0-6.4zM7.5 7.2L13 1.8M10.6 4.1l2 2",
  commit: "M8 5.2a2.8 2.8 0 1 1 0 5.6a2.8 2.8 0 0 1 0-5.6zM1 8h4.2M10.8 8H15",
  live: "M8 6.6a1.4 1.4 0 1 1 0 2.8a1.4 1.4 0 0 1 0-2.8zM4.6 11.4a4.8 4.8 0 0 1 0-6.8" +
    "M11.4 4.6a4.8 4.8 0 0 1 0 6.8M2.5 13.5a7.8 7.8 0 0 1 0-11M13.5 2.5a7.8 7.8 0 0 1 0 11",
  offline: "M2 2l12 12M4.6 11.4a4.8 4.8 0 0 1-.4-6.2M11.4 4.6a4.8 4.8 0 0 1 .8 5.4",
};
shapes.active = shapes.applied = shapes.healthy = shapes.success = shapes.synced;
shapes.quarantined = shapes.degraded;
shapes.unhealthy = shapes.failed;

/// A drawing for the eye only: what it says stands beside it as text.
export function icon(name, className = "") {
  return h("svg", {
    class: `icon ${className}`, viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false",
  }, h("path", { d: shapes[name] ?? shapes.unknown }));
}
