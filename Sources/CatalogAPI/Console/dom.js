// A small virtual DOM: views describe what is to be seen, `render` changes only what differs, so
// that focus, selection and scrolling survive a live update. Text always becomes a text node: there
// is no way in here for markup, and attributes that could run code are refused.

const SVG = "http://www.w3.org/2000/svg";
const properties = new Set(["value", "checked", "selected", "indeterminate"]);
const refused = /^(on|style$|srcdoc$|src$|innerhtml$|action$|formaction$)/i;
const links = /^(#|\/(?!\/)|blob:)/;
const rendered = new WeakMap();
const listeners = new WeakMap();

/// A description of an element. `props.key` tells siblings apart; `props.on` maps event names to
/// handlers; `props.mount(element)` takes over the element's children and may return a clean-up.
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, children: flattened(children) };
}

function flattened(children) {
  const result = [];
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === true) continue;
    result.push(typeof child === "object" ? child : { text: String(child) });
  }
  return result;
}

/// Makes `container` show `children`, and keeps the focus where it was.
export function render(container, ...children) {
  const focused = document.activeElement;
  const next = flattened(children);
  patchChildren(container, rendered.get(container) ?? [], next, false);
  rendered.set(container, next);
  if (focused && focused !== document.activeElement && container.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
}

/// A real element from a description, for code that builds by itself.
export function build(vnode) {
  return create(vnode, vnode.tag === "svg");
}

// What tells siblings apart: the key, else the kind; a number keeps those apart that share it.
function keyed(children) {
  const counts = new Map();
  return children.map((child) => {
    const kind = child.props?.key === undefined
      ? (child.tag ?? "#text") : `${child.tag}=${child.props.key}`;
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    return `${kind}#${count}`;
  });
}

function patchChildren(parent, before, after, svg) {
  const known = new Map();
  keyed(before).forEach((key, index) => known.set(key, before[index]));
  const kept = keyed(after).map((key) => {
    const old = known.get(key);
    known.delete(key);
    return old;
  });
  for (const gone of known.values()) {
    release(gone);
    gone.node.remove();
  }
  let cursor = parent.firstChild;
  after.forEach((child, index) => {
    const old = kept[index];
    const node = old ? patch(old, child, svg) : create(child, svg);
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
  });
}

function create(vnode, svg) {
  if (vnode.text !== undefined) return (vnode.node = document.createTextNode(vnode.text));
  const inside = svg || vnode.tag === "svg";
  const node = inside
    ? document.createElementNS(SVG, vnode.tag)
    : document.createElement(vnode.tag);
  vnode.node = node;
  if (vnode.props.mount) {
    setProps(node, {}, vnode.props);
    vnode.cleanup = vnode.props.mount(node);
    return node;
  }
  // Children first: a select takes its value only when it has its options.
  patchChildren(node, [], vnode.children, inside);
  setProps(node, {}, vnode.props);
  return node;
}

function patch(old, vnode, svg) {
  const node = (vnode.node = old.node);
  if (vnode.text !== undefined) {
    if (vnode.text !== old.text) node.data = vnode.text;
    return node;
  }
  if (vnode.props.mount) vnode.cleanup = old.cleanup;
  else patchChildren(node, old.children, vnode.children, svg || vnode.tag === "svg");
  setProps(node, old.props, vnode.props);
  return node;
}

function release(vnode) {
  vnode.cleanup?.();
  vnode.children?.forEach(release);
}

function setProps(node, before, after) {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (name === "key" || name === "mount") continue;
    if (name === "on") listen(node, after.on ?? {});
    else if (before[name] !== after[name]) setProp(node, name, after[name]);
  }
}

function setProp(node, name, value) {
  if (refused.test(name)) throw new TypeError(`the attribute ${name} is not for data`);
  if (properties.has(name)) {
    if (node[name] !== value) node[name] = value ?? "";
  } else if (value === null || value === undefined || value === false) {
    node.removeAttribute(name);
  } else {
    if (name === "href" && !links.test(value)) throw new TypeError("a link out of the console");
    node.setAttribute(name, value === true ? "" : String(value));
  }
}

// One listener for each kind of event; which function it calls changes with each rendering.
function listen(node, handlers) {
  let current = listeners.get(node);
  if (!current) listeners.set(node, (current = {}));
  for (const name of Object.keys(handlers)) {
    if (!(name in current)) node.addEventListener(name, (event) => current[name]?.(event));
  }
  for (const name of Object.keys(current)) current[name] = undefined;
  Object.assign(current, handlers);
}
