import { describe, expect, it } from "vitest";
import type { Import } from "../../api/types";
import { stepOf } from "./ImportPage";
import { cleanMapping, missingFields, planOf } from "./plan";

const report = {} as NonNullable<Import["report"]>;

describe("where an import stands", () => {
  it("begins with the columns and goes on to what the check found", () => {
    expect(stepOf({ state: "uploaded", report: null }, undefined, null)).toBe("mapping");
    expect(stepOf({ state: "checked", report }, undefined, null)).toBe("check");
  });

  it("lets one go back to the columns", () => {
    expect(stepOf({ state: "checked", report }, undefined, "mapping")).toBe("mapping");
  });

  it("follows running work before anything else", () => {
    const job = { kind: "import", state: "running" } as const;
    expect(stepOf({ state: "checked", report }, job, "mapping")).toBe("importing");
    expect(
      stepOf(
        { state: "uploaded", report: null },
        { kind: "import_dry_run", state: "queued" },
        null,
      ),
    ).toBe("checking");
  });

  it("ends when the rows are in, and not when the work failed", () => {
    const over = { kind: "import", state: "succeeded" } as const;
    expect(stepOf({ state: "imported", report }, over, null)).toBe("done");
    expect(stepOf({ state: "failed", report }, { kind: "import", state: "failed" }, null)).toBe(
      "check",
    );
  });
});

describe("the columns of a file", () => {
  const file = {
    columns: [
      { name: "客户", samples: [] },
      { name: "金额", samples: [] },
    ],
    fields: [
      { name: "customer", required: true },
      { name: "amount", required: true },
      { name: "cost", required: false },
    ],
  };

  it("forget what this file does not have", () => {
    expect(cleanMapping(file, { customer: "客户", amount: "gone", cost: null })).toEqual({
      customer: "客户",
    });
  });

  it("say which required field is without a column", () => {
    expect(missingFields(file, { customer: "客户" }).map((field) => field.name)).toEqual([
      "amount",
    ]);
    expect(missingFields(file, { customer: "客户", amount: "金额" })).toEqual([]);
  });
});

describe("how a file is read", () => {
  const fresh = {
    kind: "transactions" as const,
    options: null,
    suggested_mapping: { amount: "gross" },
    suggested_source: null,
  };

  it("is what was checked, whoever opens it", () => {
    const checked = { mapping: { amount: "net" }, source: "pos", reject_limit_percent: 5 };
    expect(planOf({ ...fresh, options: checked })).toBe(checked);
  });

  it("begins as such a file was imported last", () => {
    expect(planOf({ ...fresh, suggested_source: "pos" })).toEqual({
      mapping: { amount: "gross" },
      source: "pos",
    });
    expect(planOf(fresh).source).toBe("billing");
  });
});
