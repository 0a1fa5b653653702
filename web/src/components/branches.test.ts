import { describe, expect, it } from "vitest";
import type { Branch } from "../api/access";
import { branchOptions, branchPaths, branchTree } from "./branches";

const branch = (id: string, parent_id: string | null): Branch => ({
  id,
  code: id,
  name: id.toUpperCase(),
  parent_id,
  version: 1,
});
const firm = [branch("b", "a"), branch("c", "b"), branch("a", null), branch("d", null)];

describe("the branches of a firm", () => {
  it("are a tree, each level by code", () => {
    expect(branchTree(firm).map(({ id }) => id)).toEqual(["a", "d"]);
    expect(branchTree(firm)[0]?.children?.[0]?.children?.map(({ id }) => id)).toEqual(["c"]);
  });

  it("are called by the whole way from the top", () => {
    expect([...branchPaths(firm).values()]).toEqual(["A", "A / B", "A / B / C", "D"]);
  });

  it("stand at the top where the one above is not there", () => {
    expect(branchTree([branch("x", "gone")]).map(({ id }) => id)).toEqual(["x"]);
  });

  it("cannot be put below themselves", () => {
    expect(branchOptions(firm, "b").map(({ value }) => value)).toEqual(["a", "d"]);
  });
});
