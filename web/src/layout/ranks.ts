/** Which column each node stands in. */
import type { Line } from "./layout";

interface Lines {
  out: Map<string, string[]>;
  into: Map<string, string[]>;
}

/** Lines without those that close a circle, found depth first. */
function acyclic(keys: readonly string[], lines: readonly Line[]): Lines {
  const all = new Map<string, string[]>(keys.map((key) => [key, []]));
  for (const line of lines) {
    if (line.source !== line.target) all.get(line.source)?.push(line.target);
  }
  const out = new Map<string, string[]>(keys.map((key) => [key, []]));
  const into = new Map<string, string[]>(keys.map((key) => [key, []]));
  const state = new Map<string, "open" | "done">();
  const hasSource = new Set(lines.map((line) => line.target));
  const starts = [...keys.filter((key) => !hasSource.has(key)), ...keys];
  for (const start of starts) {
    if (state.has(start)) continue;
    const stack: { key: string; next: number }[] = [{ key: start, next: 0 }];
    state.set(start, "open");
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as { key: string; next: number };
      const target = all.get(top.key)?.[top.next];
      top.next += 1;
      if (target === undefined) {
        state.set(top.key, "done");
        stack.pop();
      } else if (state.get(target) !== "open") {
        out.get(top.key)?.push(target);
        into.get(target)?.push(top.key);
        if (!state.has(target)) {
          state.set(target, "open");
          stack.push({ key: target, next: 0 });
        }
      }
    }
  }
  return { out, into };
}

function topological(keys: readonly string[], lines: Lines): string[] {
  const waiting = new Map(keys.map((key) => [key, lines.into.get(key)?.length ?? 0]));
  const order = keys.filter((key) => waiting.get(key) === 0);
  for (let at = 0; at < order.length; at += 1) {
    for (const target of lines.out.get(order[at] as string) ?? []) {
      const left = (waiting.get(target) ?? 0) - 1;
      waiting.set(target, left);
      if (left === 0) order.push(target);
    }
  }
  return order;
}

/** Longest path from the left, then everything pulled as near as its neighbours allow. */
export function ranksOf(keys: readonly string[], lines: readonly Line[]): Map<string, number> {
  const graph = acyclic(keys, lines);
  const order = topological(keys, graph);
  const layer = new Map<string, number>();
  for (const key of order) {
    const sources = graph.into.get(key) ?? [];
    layer.set(key, sources.reduce((most, at) => Math.max(most, (layer.get(at) ?? 0) + 1), 0));
  }
  for (const key of [...order].reverse()) {
    const sources = graph.into.get(key) ?? [];
    const targets = graph.out.get(key) ?? [];
    if (targets.length < sources.length || targets.length === 0) continue;
    const room = targets.reduce((least, at) => Math.min(least, layer.get(at) ?? 0), Infinity) - 1;
    layer.set(key, Math.max(layer.get(key) ?? 0, room));
  }
  const least = Math.min(...layer.values());
  for (const [key, at] of layer) layer.set(key, at - least);
  return layer;
}
