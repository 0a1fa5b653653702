// Systems that are told of events. One of them at a time shows what it was told; which one stands in the
// address.
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useWebhooks, type Webhook, type WebhookSecret } from "../../api/settings";
import { Answer } from "../../components/Answer";
import { More } from "../../components/EventList";
import { Mark } from "../../components/Marks";
import { SecretDialog } from "../../components/SecretDialog";
import { Section } from "../../components/Section";
import { Teach } from "../../components/Teach";
import { useUrlState } from "../../components/urlState";
import { WideTable } from "../../components/WideTable";
import { useFormat } from "../../i18n/format";
import { Deliveries } from "./Deliveries";
import { WebhookActs } from "./WebhookActs";
import { useKinds, WebhookDialog } from "./WebhookDialog";

const ON = "#009e73";
const OFF = "#8c8c8c";

export function WebhooksTab() {
  const { t } = useTranslation();
  const [search] = useUrlState();
  const list = useWebhooks();
  const [editing, setEditing] = useState<Webhook | "new" | null>(null);
  const [secret, setSecret] = useState<WebhookSecret | null>(null);
  const open = search.get("endpoint");
  const add = (
    <Button type="primary" onClick={() => setEditing("new")}>
      {t("settings.webhooks.add")}
    </Button>
  );
  return (
    <>
      <Answer query={list}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0) {
            return (
              <Teach
                title={t("settings.webhooks.none.title")}
                hint={t("settings.webhooks.none.hint")}
                action={add}
              />
            );
          }
          const shown = items.find((one) => one.id === open);
          return (
            <div className="stack">
              <Section title={t("settings.webhooks.title")} action={add}>
                <Endpoints items={items} onEdit={setEditing} onSecret={setSecret} />
                <More of={list} />
              </Section>
              {shown ? <Deliveries key={shown.id} endpoint={shown} /> : null}
            </div>
          );
        }}
      </Answer>
      {editing ? (
        <WebhookDialog
          endpoint={editing === "new" ? null : editing}
          onSecret={setSecret}
          onClose={() => setEditing(null)}
        />
      ) : null}
      {secret ? (
        <SecretDialog
          title={t("settings.webhooks.secret_title")}
          once={t("settings.webhooks.secret_once")}
          of={secret.endpoint.url}
          secret={secret.secret}
          onClose={() => setSecret(null)}
        />
      ) : null}
    </>
  );
}

function Endpoints(props: {
  items: Webhook[];
  onEdit: (endpoint: Webhook) => void;
  onSecret: (secret: WebhookSecret) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const kinds = useKinds();
  return (
    <WideTable<Webhook>
      size="small"
      rowKey="id"
      dataSource={props.items}
      pagination={false}
      columns={[
        {
          title: t("settings.webhooks.url"),
          className: "wrapping",
          render: (_, row) => row.url,
        },
        {
          title: t("settings.webhooks.kinds"),
          className: "wrapping",
          render: (_, row) => format.list(row.kinds.map(kinds.name)),
        },
        {
          title: t("settings.webhooks.state"),
          render: (_, row) => (
            <>
              <Mark
                colour={row.active ? ON : OFF}
                text={t(row.active ? "settings.webhooks.on" : "settings.webhooks.off")}
              />
              {row.disabled_reason ? (
                <div className="figure-note">
                  {t(`settings.webhooks.because.${row.disabled_reason}`, {
                    defaultValue: t("settings.webhooks.because.other"),
                  })}
                </div>
              ) : null}
              {row.previous_secret_until ? (
                <div className="figure-note">
                  {t("settings.webhooks.both_until", {
                    time: format.time(row.previous_secret_until),
                  })}
                </div>
              ) : null}
            </>
          ),
        },
        {
          key: "acts",
          render: (_, row) => (
            <span className="row" style={{ gap: 0 }}>
              <Link to={`?endpoint=${row.id}`} className="row-link">
                {t("settings.webhooks.deliveries")}
              </Link>
              <Button type="link" size="small" onClick={() => props.onEdit(row)}>
                {t("record.change")}
              </Button>
              <WebhookActs endpoint={row} onSecret={props.onSecret} />
            </span>
          ),
        },
      ]}
    />
  );
}
