// The customer's lines of the ledger, newest first.

import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useTransactions } from "../../api/queries";
import type { Transaction } from "../../api/types";
import { ProblemAlert, Waiting } from "../../components/Answer";
import { WideTable } from "../../components/WideTable";
import { ABSENT, useFormat } from "../../i18n/format";

function TwoLines(props: { first: string; second: string | null }) {
  return (
    <span className="customer-cell">
      {props.first}
      {props.second ? <span className="customer-number">{props.second}</span> : null}
    </span>
  );
}

export function Transactions(props: { customerId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const lines = useTransactions(props.customerId);
  if (lines.isPending) return <Waiting rows={5} />;
  if (lines.error && !lines.data) {
    return <ProblemAlert error={lines.error} retry={() => void lines.refetch()} />;
  }
  return (
    <>
      <WideTable<Transaction>
        size="small"
        className="numeric"
        rowKey="id"
        dataSource={lines.data?.pages.flatMap((page) => page.items) ?? []}
        pagination={false}
        locale={{ emptyText: t("customers.transaction.none") }}
        columns={[
          { title: t("customers.transaction.at"), render: (_, row) => format.time(row.at) },
          {
            title: t("customers.transaction.amount"),
            align: "right",
            render: (_, row) => format.money(row.amount),
          },
          {
            title: t("customers.transaction.kind"),
            render: (_, row) => (
              <TwoLines
                first={t(`customers.transaction.kinds.${row.kind}`, { defaultValue: row.kind })}
                second={row.product}
              />
            ),
          },
          {
            title: t("customers.transaction.channel"),
            render: (_, row) =>
              row.channel
                ? t(`customers.transaction.channels.${row.channel}`, { defaultValue: row.channel })
                : ABSENT,
          },
          {
            title: t("customers.transaction.number"),
            render: (_, row) => (
              <TwoLines
                first={row.external_id}
                second={t(`customers.transaction.sources.${row.source}`, {
                  defaultValue: row.source,
                })}
              />
            ),
          },
        ]}
      />
      {lines.hasNextPage ? (
        <div className="list-foot">
          <Button loading={lines.isFetchingNextPage} onClick={() => void lines.fetchNextPage()}>
            {t("customers.transaction.more")}
          </Button>
        </div>
      ) : null}
    </>
  );
}
