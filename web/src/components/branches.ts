// The firm's branches as a tree, and each by its whole way from the top.
import type { Branch } from "../api/access";

export type BranchNode = Branch & { children?: BranchNode[] };

const byName = (one: Branch, other: Branch) => one.code.localeCompare(other.code);

/** One whose parent is not there stands at the top. */
export function branchTree(branches: readonly Branch[]): BranchNode[] {
  const nodes = new Map(branches.map((branch) => [branch.id, { ...branch } as BranchNode]));
  const top: BranchNode[] = [];
  for (const node of [...nodes.values()].sort(byName)) {
    const parent = node.parent_id === null ? undefined : nodes.get(node.parent_id);
    if (parent) parent.children = [...(parent.children ?? []), node];
    else top.push(node);
  }
  return top;
}

/** Each branch by its names from the top, in the order of the tree. */
export function branchPaths(branches: readonly Branch[]): Map<string, string> {
  const paths = new Map<string, string>();
  const walk = (nodes: readonly BranchNode[], above: string) => {
    for (const node of nodes) {
      const path = above ? `${above} / ${node.name}` : node.name;
      paths.set(node.id, path);
      walk(node.children ?? [], path);
    }
  };
  walk(branchTree(branches), "");
  return paths;
}

/** The branches as choices; without one of them and those below it, where that cannot be chosen. */
export function branchOptions(
  branches: readonly Branch[],
  without?: string,
): { value: string; label: string }[] {
  const parents = new Map(branches.map((branch) => [branch.id, branch.parent_id]));
  const isBelow = (id: string) => {
    let at: string | null | undefined = id;
    while (at) {
      if (at === without) return true;
      at = parents.get(at);
    }
    return false;
  };
  return [...branchPaths(branches)]
    .filter(([id]) => !without || !isBelow(id))
    .map(([value, label]) => ({ value, label }));
}
