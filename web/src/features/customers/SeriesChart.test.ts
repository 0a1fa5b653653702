import { expect, it } from "vitest";
import { halfYearChange } from "./SeriesChart";

it("compares the last half-year with the one before", () => {
  expect(halfYearChange([...Array(6).fill(100), ...Array(6).fill(50)])).toBe(-0.5);
  expect(halfYearChange([999, ...Array(6).fill(100), ...Array(6).fill(110)])).toBeCloseTo(0.1);
});

it("says nothing where there is nothing to compare with", () => {
  expect(halfYearChange(Array(11).fill(1))).toBeNull();
  expect(halfYearChange([...Array(6).fill(0), ...Array(6).fill(5)])).toBeNull();
});
