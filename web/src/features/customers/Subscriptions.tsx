import { useTranslation } from "react-i18next";
import type { Subscription } from "../../api/types";
import { WideTable } from "../../components/WideTable";
import { ABSENT, useFormat } from "../../i18n/format";

export function Subscriptions(props: { of: Subscription[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <WideTable<Subscription>
      size="small"
      rowKey="id"
      dataSource={props.of}
      pagination={false}
      locale={{ emptyText: t("customers.subscription.none") }}
      columns={[
        { title: t("customers.subscription.product"), dataIndex: "product" },
        { title: t("customers.subscription.plan"), render: (_, row) => row.plan ?? ABSENT },
        { title: t("customers.subscription.number"), render: (_, row) => row.number ?? ABSENT },
        {
          title: t("customers.subscription.start"),
          render: (_, row) => format.day(row.started_on),
        },
        { title: t("customers.subscription.end"), render: (_, row) => format.day(row.ended_on) },
        {
          title: t("customers.subscription.status"),
          render: (_, row) =>
            t(`customers.subscription.state.${row.status}`, { defaultValue: row.status }),
        },
      ]}
    />
  );
}
