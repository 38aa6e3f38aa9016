// Tables that sort by their heads, and turn into cards on a phone. Roles are written out, since a
// browser forgets that a table is one when its display changes.
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { count } from "./format.js";

/// `columns`: `{key, title, sort, className, cell(row)}`; `sort` is the column's sort name, and
/// `order` the current one, "-" first for descending. `head` is the column that names the row.
export function table({ label, columns, rows, rowKey, order = "", onSort, rowClass, head }) {
  const cells = (row) => columns.map((column) =>
    h(column.key === head ? "th" : "td", {
      key: column.key,
      role: column.key === head ? "rowheader" : "cell",
      scope: column.key === head ? "row" : null,
      class: `cell-${column.key} ${column.className ?? ""}`,
      "data-title": column.title,
    }, column.cell(row)));
  return h("div", { class: "table-frame" }, h("table", { role: "table", "aria-label": label },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
      columns.map((column) => heading(column, order, onSort)))),
    h("tbody", { role: "rowgroup" }, rows.map((row) =>
      h("tr", { role: "row", key: rowKey(row), class: rowClass?.(row) ?? "" }, cells(row))))));
}

function heading(column, order, onSort) {
  const props = {
    role: "columnheader", scope: "col", key: column.key,
    class: `cell-${column.key} ${column.className ?? ""}`,
  };
  if (!column.sort || !onSort) return h("th", props, column.title);
  const isDescending = order === `-${column.sort}`;
  const isCurrent = isDescending || order === column.sort;
  const next = isCurrent
    ? (isDescending ? column.sort : `-${column.sort}`)
    : (column.first ?? column.sort);
  return h("th", {
    ...props, "aria-sort": isCurrent ? (isDescending ? "descending" : "ascending") : "none",
  }, h("button", { type: "button", class: "sort", on: { click: () => onSort(next) } },
    column.title, isCurrent ? icon(isDescending ? "down" : "up") : null));
}

/// Which part of how many, and the ways to the others.
export function pager({ total, offset, limit, onOffset, what = "entries" }) {
  const last = Math.min(offset + limit, total);
  const move = (name, to, isPossible) => h("button", {
    type: "button", class: "button", disabled: !isPossible, key: name,
    on: { click: () => onOffset(to) },
  }, name);
  return h("div", { class: "pager" },
    h("p", { class: "num", role: "status" },
      total === 0 ? `No ${what}`
        : `${count(offset + 1)}–${count(last)} of ${count(total)} ${what}`),
    total > limit
      ? h("div", { class: "buttons", role: "group", "aria-label": "Pages" },
        move("Previous", Math.max(0, offset - limit), offset > 0),
        move("Next", offset + limit, last < total))
      : null);
}

/// A row of choices of which one holds; each says how many there are.
export function choices(label, options, current, onChoice) {
  return h("div", { class: "choices", role: "group", "aria-label": label },
    options.map(({ value, title, number, sign }) => h("button", {
      type: "button", key: value, class: "choice",
      "aria-pressed": String(value === current), on: { click: () => onChoice(value) },
    }, sign ? icon(sign, `sign-${sign}`) : null, h("span", {}, title),
    number === undefined ? null : h("span", { class: "count" }, count(number)))));
}

/// A labelled search box.
export function search({ id, label, value, onInput, placeholder }) {
  return h("div", { class: "search" }, icon("search"),
    h("label", { class: "hidden", for: id }, label),
    h("input", {
      id, type: "search", value, placeholder: placeholder ?? label, autocomplete: "off",
      spellcheck: "false", maxlength: "200",
      on: { input: (event) => onInput(event.target.value) },
    }));
}

/// A labelled choice of one among many.
export function select({ id, label, value, options, onChange }) {
  return h("div", { class: "select" }, h("label", { for: id }, label),
    h("select", { id, value, on: { change: (event) => onChange(event.target.value) } },
      options.map(([key, title]) => h("option", { value: key, key }, title))));
}
