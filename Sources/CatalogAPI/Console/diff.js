// What differs between two files, line by line: Myers' O(ND) algorithm ("An O(ND) Difference
// Algorithm and Its Variations", 1986), with a bound on the work.

// Beyond so many differing lines the rest is told as one replacement.
const mostDifferences = 1200;

/// Runs `{kind: "same" | "removed" | "added", lines, before, after}`; `before` and `after` are the
/// numbers of the first line on each side, from 1. `isWhole` is false where the bound was met.
export function diff(before, after) {
  let head = 0;
  const shorter = Math.min(before.length, after.length);
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const [left, right] = [
    before.slice(head, before.length - tail), after.slice(head, after.length - tail),
  ];
  const script = shortest(left, right);
  const steps = script ?? [...left.map(() => "removed"), ...right.map(() => "added")];
  const kinds = [...Array(head).fill("same"), ...steps, ...Array(tail).fill("same")];
  return { runs: runs(kinds, before, after), isWhole: script !== null };
}

// The kinds of steps from `left` to `right`, or null where there are too many.
function shortest(left, right) {
  const [n, m] = [left.length, right.length];
  const most = Math.min(n + m, mostDifferences);
  const offset = most + 1;
  const reach = new Int32Array(2 * most + 3);
  const trace = [];
  for (let d = 0; d <= most; d += 1) {
    for (let k = -d; k <= d; k += 2) {
      const isDown = k === -d || (k !== d && reach[offset + k - 1] < reach[offset + k + 1]);
      let x = isDown ? reach[offset + k + 1] : reach[offset + k - 1] + 1;
      while (x < n && x - k < m && left[x] === right[x - k]) x += 1;
      reach[offset + k] = x;
      if (x >= n && x - k >= m) return backtracked(trace, offset, n, m, d);
    }
    trace.push(reach.slice(offset - d - 1, offset + d + 2));
  }
  return null;
}

function backtracked(trace, offset, n, m, depth) {
  const steps = [];
  let [x, y] = [n, m];
  for (let d = depth; d > 0; d -= 1) {
    // The reach after step d - 1, whose diagonal 0 stands in its middle.
    const reach = trace[d - 1];
    const at = (k) => reach[k + d];
    const k = x - y;
    const isDown = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const from = isDown ? k + 1 : k - 1;
    const startX = at(from);
    const startY = startX - from;
    const [afterX, afterY] = isDown ? [startX, startY + 1] : [startX + 1, startY];
    for (; x > afterX && y > afterY; x -= 1, y -= 1) steps.push("same");
    steps.push(isDown ? "added" : "removed");
    [x, y] = [startX, startY];
  }
  for (; x > 0; x -= 1) steps.push("same");
  return steps.reverse();
}

function runs(kinds, before, after) {
  const result = [];
  let [left, right] = [0, 0];
  for (const kind of kinds) {
    let run = result.at(-1);
    if (run?.kind !== kind) {
      run = { kind, lines: [], before: left + 1, after: right + 1 };
      result.push(run);
    }
    run.lines.push(kind === "added" ? after[right] : before[left]);
    if (kind !== "added") left += 1;
    if (kind !== "removed") right += 1;
  }
  return result;
}

/// The middle of two lines that differs: `[start, endLeft, endRight]`, for the eye.
export function differingPart(left, right) {
  let begin = 0;
  const shorter = Math.min(left.length, right.length);
  while (begin < shorter && left[begin] === right[begin]) begin += 1;
  let end = 0;
  while (end < shorter - begin && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  return [begin, left.length - end, right.length - end];
}
