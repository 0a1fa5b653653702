import { expect, it } from "vitest";
import { percentOf } from "../components/JobProgress";
import { pauseBefore } from "./live";

it("waits longer before each try to reconnect, and never too long", () => {
  expect([0, 1, 2, 3, 4, 30].map(pauseBefore)).toEqual([1000, 2000, 4000, 8000, 15000, 15000]);
});

it("shows how far a job is, and nothing where the whole is unknown", () => {
  expect(percentOf({ state: "running", done: 1, total: 3 })).toBe(33);
  expect(percentOf({ state: "running", done: 9, total: null })).toBeNull();
  expect(percentOf({ state: "running", done: 9, total: 3 })).toBe(100);
  expect(percentOf({ state: "succeeded", done: 0, total: null })).toBe(100);
});
