// How each chosen column of the list is headed, sorted and written.
import type { TableProps } from "antd";
import type { TFunction } from "i18next";
import type { ProfileRow } from "../../api/types";
import { BucketMark, ClassMark, LoyaltyMark } from "../../components/Marks";
import { ABSENT, type Format } from "../../i18n/format";
import type { Column } from "./listState";

type TableColumn = NonNullable<TableProps<ProfileRow>["columns"]>[number];

export function profileColumn(
  column: Column,
  sort: string,
  t: TFunction,
  format: Format,
): TableColumn {
  const figure = (render: (row: ProfileRow) => string): TableColumn => ({
    key: column,
    title: t(`terms.short.${column}`),
    align: "right",
    sorter: true,
    sortDirections: ["descend", "ascend"],
    sortOrder: sort === `-${column}` ? "descend" : sort === column ? "ascend" : null,
    render: (_, row) => render(row),
  });
  const plain = (render: (row: ProfileRow) => React.ReactNode): TableColumn => ({
    key: column,
    title: t(`customers.column.${column}`),
    render: (_, row) => render(row),
  });
  switch (column) {
    case "class":
      return plain((row) => <ClassMark of={row.class} />);
    case "loyalty":
      return plain((row) => <LoyaltyMark of={row.loyalty} />);
    case "bucket":
      return plain((row) => <BucketMark of={row.bucket} />);
    case "brand":
      return plain((row) => row.customer.brand ?? ABSENT);
    case "region":
      return plain((row) => row.customer.region ?? ABSENT);
    case "rfm":
      return plain((row) => `${row.rfm.r}-${row.rfm.f}-${row.rfm.m}`);
    case "p_alive":
      return figure((row) => format.percent(row.p_alive, 0));
    case "stability":
      return figure((row) => format.number(row.stability, 2));
    case "expected_purchases_90d":
      return figure((row) => format.number(row.expected_purchases_90d, 1));
    case "last_purchase":
      return figure((row) => format.day(row.last_purchase));
    case "x":
      return figure((row) => format.count(row.x));
    default:
      return figure((row) => format.moneyWhole(row[column]));
  }
}
