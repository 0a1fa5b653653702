import { expect, it } from "vitest";
import { parsedViews, viewOf, withoutView, withView } from "./savedViews";

it("a view is what is shown, not where in it one is", () => {
  const search = new URLSearchParams("class=E-I&sort=-x&cols=x&q=a&cursor=abc&row=1");
  expect(viewOf(search)).toBe("class=E-I&sort=-x&cols=x&q=a");
});

it("a view of the same name takes the other's place", () => {
  const views = withView(withView([], { name: "b", search: "q=1" }), { name: "a", search: "q=2" });
  expect(views.map((view) => view.name)).toEqual(["a", "b"]);
  expect(withView(views, { name: "b", search: "q=3" })).toEqual([
    { name: "a", search: "q=2" },
    { name: "b", search: "q=3" },
  ]);
  expect(withoutView(views, "a")).toEqual([{ name: "b", search: "q=1" }]);
});

it("what cannot be read counts as nothing", () => {
  expect(parsedViews(null)).toEqual([]);
  expect(parsedViews("{")).toEqual([]);
  expect(parsedViews('[{"name":"a","search":"q=1"},{"name":1},null]')).toEqual([
    { name: "a", search: "q=1" },
  ]);
});
