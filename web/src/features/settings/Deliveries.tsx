// What one system was told, how it answered, and sending it again.
import { ReloadOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Select } from "antd";
import { useTranslation } from "react-i18next";
import {
  DELIVERY_STATES,
  type Delivery,
  type DeliveryState,
  replayDelivery,
  settingsKeys,
  useDeliveries,
  type Webhook,
} from "../../api/settings";
import { Answer } from "../../components/Answer";
import { More } from "../../components/EventList";
import { eventTitle } from "../../components/eventWords";
import { Mark } from "../../components/Marks";
import { errorText } from "../../components/problem";
import { Section } from "../../components/Section";
import { useUrlState } from "../../components/urlState";
import { WideTable } from "../../components/WideTable";
import { ABSENT, useFormat } from "../../i18n/format";

const COLOUR: Record<DeliveryState, string> = {
  pending: "#56b4e9",
  delivered: "#009e73",
  exhausted: "#d55e00",
};

export function Deliveries(props: { endpoint: Webhook }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const state = DELIVERY_STATES.find((one) => one === search.get("state")) ?? null;
  const list = useDeliveries(props.endpoint.id, state);
  return (
    <Section
      title={t("settings.deliveries.title", { url: props.endpoint.url })}
      action={
        <div className="row">
          <Select
            allowClear
            aria-label={t("settings.deliveries.state")}
            placeholder={t("settings.deliveries.all")}
            style={{ minWidth: 150 }}
            value={state ?? undefined}
            onChange={(next: string | undefined) => change({ state: next }, { replace: true })}
            options={DELIVERY_STATES.map((one) => ({
              value: one,
              label: t(`settings.deliveries.states.${one}`),
            }))}
          />
          <Button
            icon={<ReloadOutlined aria-hidden />}
            loading={list.isRefetching}
            onClick={() => void list.refetch()}
          >
            {t("record.timeline.refresh")}
          </Button>
        </div>
      }
    >
      <Answer query={list}>
        {({ pages }) => (
          <WideTable<Delivery>
            size="small"
            rowKey="id"
            dataSource={pages.flatMap((page) => page.items)}
            pagination={false}
            locale={{ emptyText: t("settings.deliveries.none") }}
            columns={[
              {
                title: t("settings.deliveries.event"),
                render: (_, row) => (
                  <span className="customer-cell">
                    {eventTitle(row.kind, t)}
                    <span className="customer-number">{format.time(row.event_at)}</span>
                  </span>
                ),
              },
              {
                title: t("settings.deliveries.state"),
                render: (_, row) => (
                  <Mark
                    colour={COLOUR[row.state]}
                    text={t(`settings.deliveries.states.${row.state}`)}
                  />
                ),
              },
              {
                title: t("settings.deliveries.answer"),
                render: (_, row) =>
                  row.last_status ??
                  (row.last_error
                    ? t(`settings.deliveries.errors.${row.last_error}`, {
                        defaultValue: t("settings.deliveries.errors.other"),
                      })
                    : ABSENT),
              },
              {
                title: t("settings.deliveries.attempts"),
                align: "right",
                render: (_, row) => format.count(row.attempts),
              },
              {
                title: t("settings.deliveries.last"),
                render: (_, row) => format.time(row.last_at),
              },
              {
                title: t("settings.deliveries.next"),
                render: (_, row) => format.time(row.next_at),
              },
              { key: "again", render: (_, row) => <Again of={row} endpoint={props.endpoint.id} /> },
            ]}
          />
        )}
      </Answer>
      <More of={list} />
    </Section>
  );
}

function Again(props: { of: Delivery; endpoint: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const again = useMutation({
    mutationFn: () => replayDelivery(props.endpoint, props.of.id),
    onSuccess: () => {
      message.success(t("settings.deliveries.again_done"));
      void client.invalidateQueries({ queryKey: settingsKeys.deliveries(props.endpoint) });
    },
    onError: (error) => message.error(errorText(error, t)),
  });
  if (props.of.state === "pending") return null;
  return (
    <Button type="link" size="small" loading={again.isPending} onClick={() => again.mutate()}>
      {t("settings.deliveries.again")}
    </Button>
  );
}
