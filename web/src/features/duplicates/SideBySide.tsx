// Field by field what each of two customers has. Where they differ one of the two is chosen; what only one has,
// and what both keep, is said.
import { Radio, Typography } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Customer } from "../../api/types";
import { ABSENT, useFormat } from "../../i18n/format";

export type Decided = {
  field: string;
  label: string;
  left: string[];
  right: string[];
  /** Whose value is kept, by id. */
  kept: string;
};

const FACTS = [
  "name",
  "brand",
  "region",
  "segment",
  "since",
  "organisation",
  "referred_by",
  "branch",
  "owner",
] as const;

export function SideBySide(props: {
  left: Customer;
  right: Customer;
  /** The fields of which both have a value, and not the same. */
  decided: Decided[];
  /** The fields that one has and the other gets. */
  filled: string[];
  onChoose: (field: string, id: string) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { left, right, decided } = props;
  const fact = (of: Customer, field: (typeof FACTS)[number]) => {
    const value = of[field];
    if (field === "since") return value ? format.day(String(value)) : null;
    return typeof value === "object" ? (value?.name ?? null) : value;
  };
  const open = new Map(decided.map((one) => [one.field, one]));
  const others = decided.filter((one) => !FACTS.some((field) => field === one.field));
  return (
    <div className="side-by-side">
      <table>
        <thead>
          <tr>
            <th scope="col">{t("merging.column.field")}</th>
            {[left, right].map((one) => (
              <th scope="col" key={one.id}>
                <Link to={`/customers/${one.id}`}>{one.name}</Link>
                <div className="customer-number">{one.external_id}</div>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {FACTS.map((field) => {
            const choice = open.get(field);
            if (choice) return <Choice key={field} of={choice} {...props} />;
            const [one, another] = [fact(left, field), fact(right, field)];
            if (!one && !another) return null;
            return (
              <Row
                key={field}
                label={t(`record.field.${field}`)}
                left={one}
                right={another}
                note={props.filled.includes(field) ? t("merging.column.filled") : undefined}
              />
            );
          })}
          {others.map((choice) => (
            <Choice key={choice.field} of={choice} {...props} />
          ))}
          {(["phone", "email"] as const).map((field) =>
            left[field] || right[field] ? (
              <Row
                key={field}
                label={t(`customers.column.${field}`)}
                left={left[field]}
                right={right[field]}
                note={t("merging.column.both")}
              />
            ) : null,
          )}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: { label: string; left: ReactNode; right: ReactNode; note?: string }) {
  return (
    <tr>
      <th scope="row">
        {props.label}
        {props.note ? (
          <Typography.Text type="secondary" className="figure-note">
            {props.note}
          </Typography.Text>
        ) : null}
      </th>
      <td>{props.left || ABSENT}</td>
      <td>{props.right || ABSENT}</td>
    </tr>
  );
}

/** One radio in each column, of one name: arrow keys walk between the two. */
function Choice(props: {
  of: Decided;
  left: Customer;
  right: Customer;
  onChoose: (field: string, id: string) => void;
}) {
  const { t } = useTranslation();
  const { of } = props;
  const radio = (lines: string[], whose: Customer) => (
    <Radio
      name={`keep-${of.field}`}
      value={whose.id}
      checked={of.kept === whose.id}
      onChange={() => props.onChoose(of.field, whose.id)}
    >
      <span className="visually-hidden">{t("merging.column.keep", { field: of.label })}</span>
      {lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </Radio>
  );
  return (
    <Row label={of.label} left={radio(of.left, props.left)} right={radio(of.right, props.right)} />
  );
}
