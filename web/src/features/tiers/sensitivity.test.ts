import { describe, expect, it } from "vitest";
import { readyMade } from "./readyMade";
import { holdersFrom, thresholdsOf, valuesBetween } from "./sensitivity";

describe("a threshold", () => {
  it("is one that compares with a number, of earning and of keeping", () => {
    const document = readyMade("CNY", "2026-12-31");
    const first = document.levels[0];
    if (first) first.qualify = { any: [{ measure: "nomination" }] };
    const keys = thresholdsOf(document).map((one) => one.key);
    expect(keys).not.toContain("silver/false/0");
    expect(keys).toContain("silver/true/0");
    expect(keys).toContain("gold/false/1");
  });

  it("is moved in even steps, each value once", () => {
    const spend = { measure: "spend" as const, at_least: 10 };
    expect(valuesBetween(spend, 0, 100, 5)).toEqual([0, 25, 50, 75, 100]);
    expect(valuesBetween(spend, 0, 2, 9)).toEqual([0, 1, 2]);
    expect(valuesBetween(spend, 0, 1_000, 90)).toHaveLength(25);
    const alive = { measure: "figure" as const, figure: "p_alive", at_least: 0.5 };
    expect(valuesBetween(alive, 0.1, 0.3, 3)).toEqual([0.1, 0.2, 0.3]);
  });

  it("counts who has the level or a higher one", () => {
    const point = {
      value: 1,
      levels: [
        { level: null, customers: 50 },
        { level: "silver", customers: 9 },
        { level: "gold", customers: 4 },
        { level: "diamond", customers: 1 },
      ],
    };
    expect(holdersFrom(point, "gold", ["silver", "gold", "diamond"])).toBe(5);
  });
});
