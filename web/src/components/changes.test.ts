import { describe, expect, it } from "vitest";
import { changesOf, meet } from "./changes";

const before = { name: "张三", brand: "全球通", region: null as string | null };

describe("what a form changes", () => {
  it("is what differs, and nothing is null", () => {
    expect(changesOf(before, { ...before })).toEqual({});
    expect(changesOf(before, { ...before, region: undefined as never })).toEqual({});
    expect(changesOf(before, { ...before, brand: undefined as never, region: "北京" })).toEqual({
      brand: null,
      region: "北京",
    });
  });
});

describe("when somebody else was first", () => {
  it("what they changed elsewhere is taken, what was typed is kept", () => {
    const met = meet(before, { ...before, name: "张三丰" }, { ...before, region: "北京" });
    expect(met).toEqual({
      values: { name: "张三丰", brand: "全球通", region: "北京" },
      crossed: [],
      taken: ["region"],
    });
  });

  it("a field changed on both sides is named and what was typed is kept", () => {
    const met = meet(before, { ...before, name: "张三丰" }, { ...before, name: "章三" });
    expect(met.values.name).toBe("张三丰");
    expect(met.crossed).toEqual(["name"]);
  });

  it("the same said twice crosses nothing", () => {
    const met = meet(before, { ...before, name: "章三" }, { ...before, name: "章三" });
    expect([met.crossed, met.taken]).toEqual([[], []]);
  });
});
