import { expect, it } from "vitest";
import { listIn, patched } from "./urlState";

const start = new URLSearchParams("q=wang&class=E-I&cursor=abc");

it("changes what is named and leaves the rest", () => {
  expect(patched(start, { cursor: null, sort: "-value" }).toString()).toBe(
    "q=wang&class=E-I&sort=-value",
  );
});

it("drops what is empty", () => {
  expect(patched(start, { q: "", class: [], cursor: undefined }).toString()).toBe("");
});

it("reads lists back as they were written, commas and percent signs included", () => {
  const regions = ["福州", "a,b", "50%", "%2C"];
  const written = patched(new URLSearchParams(), { region: regions });
  expect(listIn(new URLSearchParams(written.toString()), "region")).toEqual(regions);
  expect(listIn(start, "nothing")).toEqual([]);
});
