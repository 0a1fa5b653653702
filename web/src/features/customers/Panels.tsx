// What the firm's other systems say of a customer. One that does not answer says so, and holds nothing up.
import { useQuery } from "@tanstack/react-query";
import { Descriptions, Tag, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { request } from "../../api/client";
import { at } from "../../api/endpoints";
import { recordKey } from "../../api/record";
import type { Schemas } from "../../api/types";
import { ProblemAlert } from "../../components/Answer";
import { Section } from "../../components/Section";
import { ABSENT, type Format, useFormat } from "../../i18n/format";

type PanelShown = Schemas["PanelShown"];
type ShownField = Schemas["ShownField"];

const usePanels = (id: string) =>
  useQuery({
    queryKey: [...recordKey(id), "panels"],
    queryFn: async ({ signal }) => {
      const path = at("/api/v1/customers/{id}/overview", { id });
      return (await request<{ panels: PanelShown[] }>("GET", path, { signal })).panels;
    },
  });

export function Panels(props: { customerId: string }) {
  const panels = usePanels(props.customerId);
  if (panels.error) {
    return <ProblemAlert error={panels.error} retry={() => void panels.refetch()} />;
  }
  return panels.data?.map((panel) => <Panel key={panel.id} of={panel} />);
}

function Panel(props: { of: PanelShown }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of } = props;
  const named = (one: { zh: string; en: string }) =>
    format.language === "zh-CN" ? one.zh : one.en;
  return (
    <Section
      title={named(of)}
      action={of.state === "ok" ? null : <Tag>{t(`customers.panel.${of.state}`)}</Tag>}
    >
      {of.fields.length > 0 ? (
        <Descriptions
          size="small"
          column={{ xs: 1, lg: 2 }}
          items={of.fields.map((field, index) => ({
            key: index,
            label: named(field),
            children: <Value of={field} format={format} />,
          }))}
        />
      ) : null}
      <Typography.Text type="secondary" className="figure-note">
        {[
          of.code ? t(`problem.code.${of.code}`, { defaultValue: of.code }) : null,
          of.answered_at
            ? t(of.stale ? "customers.panel.stale" : "customers.panel.answered", {
                time: format.time(of.answered_at),
              })
            : null,
        ]
          .filter(Boolean)
          .join(" · ")}
      </Typography.Text>
    </Section>
  );
}

function Value(props: { of: ShownField; format: Format }) {
  const { t } = useTranslation();
  const { of, format } = props;
  const { value } = of;
  if (of.problem) {
    return (
      <Typography.Text type="secondary">
        {t(`problem.code.${of.problem}`, { defaultValue: of.problem })}
      </Typography.Text>
    );
  }
  if (value === null || value === undefined) return ABSENT;
  if (typeof value === "object") return format.money(value);
  if (typeof value === "number") return format.number(value, 6);
  if (of.kind === "date") return format.day(value);
  // Nothing but a page of the web is followed.
  if (of.kind === "link" && /^https?:\/\//.test(value)) {
    return (
      <a href={value} target="_blank" rel="noreferrer">
        {t("customers.panel.open")}
      </a>
    );
  }
  return value;
}
