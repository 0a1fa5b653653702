// What the firm's other systems say of a customer. One that does not answer says so, and holds nothing up.
import { useQuery } from "@tanstack/react-query";
import { Tag, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { request } from "../../api/client";
import { at } from "../../api/endpoints";
import { recordKey } from "../../api/record";
import type { Schemas } from "../../api/types";
import { ProblemAlert } from "../../components/Answer";
import { PanelValues } from "../../components/PanelValues";
import { Section } from "../../components/Section";
import { useFormat } from "../../i18n/format";

type PanelShown = Schemas["PanelShown"];

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
  return (
    <Section
      title={format.language === "zh-CN" ? of.zh : of.en}
      action={of.state === "ok" ? null : <Tag>{t(`customers.panel.${of.state}`)}</Tag>}
    >
      {of.fields.length > 0 ? <PanelValues fields={of.fields} /> : null}
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
