// What a customer said about being contacted, and whether they may be contacted now.
import { Alert, Button, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/queries";
import { type Statement, useStatements } from "../../../api/record";
import { usePolicy } from "../../../api/settings";
import { Answer } from "../../../components/Answer";
import { More } from "../../../components/EventList";
import { Mark } from "../../../components/Marks";
import { ALLOWED, REFUSED } from "../../../components/palette";
import { usePurposeName } from "../../../components/purposes";
import { Section } from "../../../components/Section";
import { WideTable } from "../../../components/WideTable";
import { useFormat } from "../../../i18n/format";
import { ConsentDialog } from "./ConsentDialog";
import { MayContactSection } from "./MayContactSection";

export function ConsentsTab(props: { customerId: string }) {
  const policy = usePolicy();
  return (
    <Answer query={policy}>
      {({ purposes }) => (
        <div className="stack">
          {purposes.length > 0 ? (
            <MayContactSection customerId={props.customerId} purposes={purposes} />
          ) : (
            <NoPurposes />
          )}
          <Statements customerId={props.customerId} />
        </div>
      )}
    </Answer>
  );
}

function NoPurposes() {
  const { t } = useTranslation();
  return <Alert type="info" showIcon title={t("record.consents.no_purposes")} />;
}

function Statements(props: { customerId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const purposeName = usePurposeName();
  const purposes = usePolicy().data?.purposes ?? [];
  const list = useStatements(props.customerId);
  const mayWrite = useMay("customers.write");
  const [saying, setSaying] = useState<boolean | null>(null);
  return (
    <Section
      title={t("record.consents.title")}
      action={
        mayWrite && purposes.length > 0 ? (
          <div className="row">
            <Button onClick={() => setSaying(true)}>{t("record.consents.give")}</Button>
            <Button onClick={() => setSaying(false)}>{t("record.consents.withdraw")}</Button>
          </div>
        ) : null
      }
    >
      <Answer query={list}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Typography.Text type="secondary">{t("record.consents.none")}</Typography.Text>
          ) : (
            <WideTable<Statement>
              size="small"
              rowKey="id"
              dataSource={items}
              pagination={false}
              columns={[
                { title: t("record.consents.at"), render: (_, row) => format.time(row.at) },
                {
                  title: t("record.consents.purpose"),
                  render: (_, row) => purposeName(row.purpose),
                },
                {
                  title: t("record.consents.channel"),
                  render: (_, row) => t(`terms.channel.${row.channel}`),
                },
                {
                  title: t("record.consents.said"),
                  render: (_, row) => (
                    <Mark
                      colour={row.given ? ALLOWED : REFUSED}
                      text={t(row.given ? "record.consents.given" : "record.consents.withdrawn")}
                    />
                  ),
                },
                {
                  title: t("record.consents.expires"),
                  render: (_, row) =>
                    row.given
                      ? row.expires_at
                        ? format.time(row.expires_at)
                        : t("record.consents.no_end")
                      : null,
                },
                { title: t("record.consents.source"), dataIndex: "source" },
              ]}
            />
          );
        }}
      </Answer>
      <More of={list} />
      {saying === null ? null : (
        <ConsentDialog
          customerId={props.customerId}
          given={saying}
          purposes={purposes}
          onClose={() => setSaying(null)}
        />
      )}
    </Section>
  );
}
