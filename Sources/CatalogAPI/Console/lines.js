// A file as lines, the way Python counts them.

/// The lines of a text; a last line's end makes no line of its own.
export function lines(text) {
  if (text === "") return [];
  const result = text.split(/\r\n|\n|\r/);
  if (result.at(-1) === "") result.pop();
  return result;
}

/// A line for the screen: the rest of a very long one is left out, with how much that is.
export function visiblePart(line, limit = 4000) {
  if (line.length <= limit) return { text: line, rest: 0 };
  return { text: line.slice(0, limit), rest: line.length - limit };
}
