import { describe, expect, it } from "vitest";
import { cleared, columnsIn, isFiltered, profileQuery, rangesIn, USUAL_COLUMNS } from "./listState";

const at = (text: string) => new URLSearchParams(text);

describe("the list of customers", () => {
  it("asks for the most valuable first unless told", () => {
    expect(profileQuery(at(""), 100)).toMatchObject({ sort: "-value", limit: 50 });
    expect(profileQuery(at("sort=p_alive"), 100)).toMatchObject({ sort: "p_alive" });
  });

  it("sends money bounds in minor units and shares as they are", () => {
    const query = profileQuery(at("min_value=19.99&max_p_alive=0.5&min_x=2"), 100);
    expect(query).toMatchObject({ min_value: 1999, max_p_alive: 0.5, min_x: 2 });
  });

  it("leaves out a bound that is no number", () => {
    expect(profileQuery(at("min_value=abc"), 100)).not.toHaveProperty("min_value");
  });

  it("sends days as they are, and none that is no day", () => {
    const query = profileQuery(at("min_last_purchase=2026-01-31&max_first_purchase=soon"), 100);
    expect(query.min_last_purchase).toBe("2026-01-31");
    expect(query).not.toHaveProperty("max_first_purchase");
    expect(isFiltered(at("min_last_purchase=2026-01-31"))).toBe(true);
  });

  it("passes on filters, search and page", () => {
    const query = profileQuery(at("class=E-I,E-II&q=王&cursor=xyz&region=福州"), 100);
    expect(query).toMatchObject({ class: "E-I,E-II", q: "王", cursor: "xyz", region: "福州" });
  });

  it("knows when it is narrowed", () => {
    expect(isFiltered(at("sort=x&cols=class&cursor=1"))).toBe(false);
    expect(isFiltered(at("max_value=1"))).toBe(true);
    expect(rangesIn(at("max_value=1"))).toEqual([{ figure: "value", min: null, max: "1" }]);
  });

  it("clears filters and keeps the look", () => {
    expect(cleared(at("sort=x&cols=class&class=E-I&min_value=3&q=a&cursor=c"))).toEqual({
      class: null,
      min_value: null,
      q: null,
      cursor: null,
    });
  });

  it("shows the columns of the address, else those kept, else the usual ones", () => {
    expect(columnsIn(at("cols=x,class,nonsense"), "brand")).toEqual(["class", "x"]);
    expect(columnsIn(at(""), "brand,value")).toEqual(["value", "brand"]);
    expect(columnsIn(at("cols=nonsense"), null)).toEqual(USUAL_COLUMNS);
  });
});
