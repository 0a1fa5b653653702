import { describe, expect, it } from "vitest";
import { firstRows, LONGEST } from "./firstRows";

describe("the rows of a list for a file", () => {
  const pages = (all: number) => {
    const asked: (string | null)[] = [];
    const read = async (page: { limit: number; cursor: string | null }) => {
      asked.push(page.cursor);
      const from = Number(page.cursor ?? 0);
      const to = Math.min(all, from + page.limit);
      return {
        items: [...Array(to - from).keys()].map((n) => from + n),
        next_cursor: to < all ? String(to) : null,
      };
    };
    return { asked, read };
  };

  it("goes through all pages, each row once", async () => {
    const { asked, read } = pages(450);
    const found = await firstRows(read);
    expect(asked).toEqual([null, "200", "400"]);
    expect(found.rows).toEqual([...Array(450).keys()]);
    expect(found.more).toBe(false);
  });

  it("ends at the longest file and says that there is more", async () => {
    const found = await firstRows(pages(LONGEST + 1).read);
    expect(found.rows).toHaveLength(LONGEST);
    expect(found.more).toBe(true);
  });
});
