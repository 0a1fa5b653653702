import type { TFunction } from "i18next";
import { describe, expect, it } from "vitest";
import { shownName } from "./erased";

const t = ((key: string, more?: { code?: string }) => `${key} ${more?.code ?? ""}`) as TFunction;

describe("the name that is shown", () => {
  it("is a word and a number for who was erased", () => {
    const of = { name: "erased-0123456789ab", external_id: "erased-0123456789ab" };
    expect(shownName(of, t)).toBe("customers.erased.name 89AB");
  });

  it("is the customer's own otherwise", () => {
    expect(shownName({ name: "张伟", external_id: "C-1" }, t)).toBe("张伟");
    expect(shownName({ name: null, external_id: "erased-by-hand" }, t)).toBe("erased-by-hand");
  });
});
