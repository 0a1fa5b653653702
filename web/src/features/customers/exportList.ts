// The rows of the list as they stand in a file: bare values, money in whole units.
import type { TFunction } from "i18next";
import type { ProfileRow } from "../../api/types";
import type { Cell } from "../../components/csv";
import { isMoneyFigure } from "../../components/figures";
import { majorUnits } from "../../i18n/format";
import type { Column } from "./listState";

export function exportHeader(columns: Column[], currency: string, t: TFunction): string[] {
  return [
    t("customers.export.number"),
    t("customers.export.name"),
    ...columns.map((column) => {
      const heading = t([`customers.column.${column}`, `terms.figure.${column}`]);
      return isMoneyFigure(column) ? `${heading} (${currency})` : heading;
    }),
  ];
}

export function exportRow(row: ProfileRow, columns: Column[], t: TFunction): Cell[] {
  const word = (under: string, value: string) =>
    t(`terms.${under}.${value}`, { defaultValue: value });
  const cell = (column: Column): Cell => {
    switch (column) {
      case "class":
        return word("class", row.class);
      case "loyalty":
        return row.loyalty === "none" ? null : word("loyalty", row.loyalty);
      case "bucket":
        return row.bucket === "none" ? null : word("bucket", row.bucket);
      case "brand":
      case "region":
        return row.customer[column];
      case "rfm":
        return `${row.rfm.r}${row.rfm.f}${row.rfm.m}`;
      case "p_alive":
      case "stability":
      case "expected_purchases_90d":
      case "last_purchase":
      case "x":
        return row[column];
      default:
        return row[column] === null ? null : majorUnits(row[column]);
    }
  };
  return [row.customer.external_id, row.customer.name, ...columns.map(cell)];
}
