import { describe, expect, it } from "vitest";
import type { CustomField, RecordSchema } from "../../api/settings";
import { moved, withField, withoutField } from "./schema";

const field = (name: string): CustomField => ({
  kind: "text",
  chars_max: 20,
  name,
  zh: name,
  en: name,
  required: false,
});
const schema: RecordSchema = {
  fields: [field("hobby"), field("size")],
  completeness: [
    { what: "name", of: null, weight: 20 },
    { what: "custom.hobby", of: "person", weight: 5 },
  ],
};
const names = (of: RecordSchema) => of.fields.map((one) => one.name);

describe("the record's schema", () => {
  it("takes a new field at the end, a changed one in its place", () => {
    expect(names(withField(schema, field("pet"), null))).toEqual(["hobby", "size", "pet"]);
    expect(names(withField(schema, field("hobbies"), "hobby"))).toEqual(["hobbies", "size"]);
  });

  it("takes a changed field that somebody else has removed as a new one", () => {
    const without = withoutField(schema, "hobby");
    expect(names(withField(without, field("hobby"), "hobby"))).toEqual(["size", "hobby"]);
  });

  it("counts for completeness what is there, by its name", () => {
    const whats = (of: RecordSchema) => of.completeness.map((item) => item.what);
    expect(whats(withField(schema, field("hobbies"), "hobby"))).toEqual(["name", "custom.hobbies"]);
    expect(whats(withoutField(schema, "hobby"))).toEqual(["name"]);
  });

  it("moves a field, never beyond the ends", () => {
    expect(names(moved(schema, "size", -1))).toEqual(["size", "hobby"]);
    expect(names(moved(schema, "hobby", -1))).toEqual(["hobby", "size"]);
    expect(names(moved(schema, "size", 1))).toEqual(["hobby", "size"]);
    expect(moved(schema, "gone", 1)).toBe(schema);
  });
});
