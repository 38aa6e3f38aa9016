// Python, line by line, as kinds of tokens for the eye. Not a parser: it never fails, takes time
// linear in the text, and carries only what one line must know of the line before.

const keywords = new Set(("False None True and as assert async await break class continue def " +
  "del elif else except finally for from global if import in is lambda nonlocal not or pass " +
  "raise return try while with yield").split(" "));
const builtins = new Set(("abs all any ascii bin bool bytearray bytes callable chr classmethod " +
  "complex dict dir divmod enumerate filter float format frozenset getattr hasattr hash hex id " +
  "input int isinstance issubclass iter len list map max memoryview min next object oct ord pow " +
  "print property range repr reversed round set setattr slice sorted staticmethod str sum super " +
  "tuple type vars zip Exception ValueError TypeError KeyError IndexError").split(" "));
const softKeywords = new Set(["match", "case", "type"]);

const space = /[ \t\f\r]+/y;
const word = /[\p{L}_][\p{L}\p{N}_]*/uy;
const number =
  /0x[\dA-F_]+|0o[0-7_]+|0b[01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?j?/iy;
const opening = /([rRbBuUfF]{0,2})("""|'''|"|')/y;
const operator = /[-+*/%@&|^~<>=!:]+|[()[\]{},.;\\?$]/y;

/// The state before the first line.
export const start = null;

/// The tokens of one line, `{kind, text}` ("" is plain), and the state for the line after it.
export function tokenise(line, state) {
  const tokens = [];
  const push = (kind, text) => {
    if (text !== "") tokens.push({ kind, text });
  };
  let at = 0;
  let open = state;
  let before = "";
  let isFirst = true;
  while (at < line.length) {
    if (open) {
      const end = stringEnd(line, at, open);
      pushString(push, line.slice(at, end.at), open);
      at = end.at;
      open = end.isClosed ? null : open;
      if (open && open.quote.length === 1) {
        // A backslash at the end goes on; anything else is an error that ends with the line.
        return { tokens, state: end.isContinued ? open : null };
      }
      isFirst = false;
      continue;
    }
    const rest = (pattern) => {
      pattern.lastIndex = at;
      return pattern.exec(line);
    };
    let match;
    if ((match = rest(space))) {
      push("", match[0]);
    } else if (line[at] === "#") {
      push("comment", line.slice(at));
      return { tokens, state: null };
    } else if ((match = rest(opening))) {
      push("string", match[0]);
      open = {
        quote: match[2], isRaw: /r/i.test(match[1]), isFormatted: /f/i.test(match[1]),
      };
      before = "";
    } else if ((match = rest(number))) {
      push("number", match[0]);
      before = "";
    } else if ((match = rest(word))) {
      push(kindOf(match[0], before, isFirst, line, at + match[0].length), match[0]);
      before = match[0];
      isFirst = false;
    } else if (line[at] === "@" && isFirst) {
      match = ["@"];
      push("decorator", "@");
      before = "@";
    } else if ((match = rest(operator))) {
      push("operator", match[0]);
      before = match[0];
      isFirst = /[:;]$/.test(match[0]);
    } else {
      match = [String.fromCodePoint(line.codePointAt(at))];
      push("", match[0]);
    }
    at += match[0].length;
  }
  // A string that began at the very end of its line.
  return { tokens, state: open && open.quote.length === 3 ? open : null };
}

function kindOf(name, before, isFirst, line, end) {
  if (before === ".") return "";
  if (before === "@") return "decorator";
  if (before === "def" || before === "class") return "definition";
  if (keywords.has(name)) return "keyword";
  if (softKeywords.has(name) && isFirst && /^\s+[^\s=.,)[:]/.test(line.slice(end, end + 80))) {
    return "keyword";
  }
  if (builtins.has(name) && (/^[A-Z]/.test(name) || line[end] === "(")) return "builtin";
  if (name === "self" || name === "cls") return "self";
  return "";
}

// Where a string ends that is open at `at`; its closing quotes belong to it.
function stringEnd(line, at, { quote, isRaw }) {
  let index = at;
  while (index < line.length) {
    if (line[index] === "\\") {
      if (index === line.length - 1) return { at: line.length, isClosed: false, isContinued: true };
      // In a raw string a backslash stays, and still keeps a quote from ending it.
      index += isRaw && line[index + 1] !== quote[0] && line[index + 1] !== "\\" ? 1 : 2;
    } else if (line.startsWith(quote, index)) {
      return { at: index + quote.length, isClosed: true };
    } else {
      index += 1;
    }
  }
  return { at: line.length, isClosed: false, isContinued: false };
}

const piece =
  /\{\{|\}\}|\{[^{}]*\}|\\(?:N\{[^}]*\}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|.)/gsu;

// The parts of a string: escapes, and in an f-string the places that are filled in.
function pushString(push, text, { isRaw, isFormatted }) {
  let rest = 0;
  for (const match of text.matchAll(piece)) {
    const isEscape = match[0][0] === "\\";
    const isPlace = match[0][0] === "{" && match[0][1] !== "{";
    if (isEscape ? isRaw : !(isFormatted && isPlace)) continue;
    push("string", text.slice(rest, match.index));
    push(isEscape ? "escape" : "place", match[0]);
    rest = match.index + match[0].length;
  }
  push("string", text.slice(rest));
}
