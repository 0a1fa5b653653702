// Changes of the record's schema, each a new schema. What is right is decided by the server.
import type { CustomField, RecordSchema } from "../../api/settings";

/** With a field in the place of the one it was, or at the end. */
export function withField(
  schema: RecordSchema,
  field: CustomField,
  before: string | null,
): RecordSchema {
  const there = before !== null && schema.fields.some((one) => one.name === before);
  const fields = there
    ? schema.fields.map((one) => (one.name === before ? field : one))
    : [...schema.fields, field];
  // What counts for completeness goes by the field's name.
  const completeness = schema.completeness.map((item) =>
    item.what === `custom.${before}` ? { ...item, what: `custom.${field.name}` } : item,
  );
  return { ...schema, fields, completeness };
}

export function withoutField(schema: RecordSchema, name: string): RecordSchema {
  return {
    ...schema,
    fields: schema.fields.filter((field) => field.name !== name),
    completeness: schema.completeness.filter((item) => item.what !== `custom.${name}`),
  };
}

/** With a field one place further up or down. */
export function moved(schema: RecordSchema, name: string, step: 1 | -1): RecordSchema {
  const fields = [...schema.fields];
  const at = fields.findIndex((field) => field.name === name);
  const [field] = fields.splice(at, 1);
  if (at < 0 || !field) return schema;
  fields.splice(Math.max(0, at + step), 0, field);
  return { ...schema, fields };
}
