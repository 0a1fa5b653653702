// What can be done with one endpoint besides changing it: another secret, everything again, removal.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Form, InputNumber, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  removeWebhook,
  replaySince,
  rotateSecret,
  settingsKeys,
  type Webhook,
  type WebhookSecret,
} from "../../api/settings";
import { EditDialog } from "../../components/EditDialog";
import { MomentInput } from "../../components/MomentInput";
import { errorText } from "../../components/problem";
import { useFormat } from "../../i18n/format";

const HOURS_USUAL = 24;
const HOURS_MOST = 168;

export function WebhookActs(props: {
  endpoint: Webhook;
  onSecret: (secret: WebhookSecret) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const { message } = App.useApp();
  const { endpoint } = props;
  const [act, setAct] = useState<"rotate" | "replay" | null>(null);
  const changed = () => void client.invalidateQueries({ queryKey: settingsKeys.webhooks });
  const remove = useMutation({
    mutationFn: () => removeWebhook(endpoint.id),
    onSuccess: changed,
    onError: (error) => message.error(errorText(error, t)),
  });
  return (
    <>
      <Button type="link" size="small" onClick={() => setAct("replay")}>
        {t("settings.webhooks.replay")}
      </Button>
      <Button type="link" size="small" onClick={() => setAct("rotate")}>
        {t("settings.webhooks.rotate")}
      </Button>
      <Popconfirm
        title={t("settings.webhooks.remove_title", { url: endpoint.url })}
        description={t("settings.webhooks.remove_hint")}
        okText={t("record.remove")}
        onConfirm={() => remove.mutate()}
      >
        <Button type="link" size="small" danger loading={remove.isPending}>
          {t("record.remove")}
        </Button>
      </Popconfirm>
      {act === "rotate" ? (
        <EditDialog<{ both_hours: number }>
          title={t("settings.webhooks.rotate_title")}
          save={t("settings.webhooks.rotate")}
          known={{ values: { both_hours: HOURS_USUAL }, version: 0 }}
          labels={{ both_hours: t("settings.webhooks.both_hours") }}
          onSave={async ({ both_hours }) =>
            props.onSecret(await rotateSecret(endpoint.id, both_hours))
          }
          onSaved={changed}
          onClose={() => setAct(null)}
        >
          <Form.Item
            name="both_hours"
            label={t("settings.webhooks.both_hours")}
            extra={t("settings.webhooks.both_hours_hint")}
            rules={[{ required: true, message: t("app.required") }]}
          >
            <InputNumber min={0} max={HOURS_MOST} precision={0} autoFocus />
          </Form.Item>
        </EditDialog>
      ) : null}
      {act === "replay" ? (
        <EditDialog<{ since: string | null }>
          title={t("settings.webhooks.replay_title")}
          save={t("settings.webhooks.replay")}
          known={{ values: { since: null }, version: 0 }}
          labels={{ since: t("settings.webhooks.since") }}
          onSave={async ({ since }) => {
            const { again } = await replaySince(endpoint.id, since ?? "");
            message.success(t("settings.webhooks.replayed", { number: format.count(again) }));
          }}
          onSaved={changed}
          onClose={() => setAct(null)}
        >
          <Form.Item
            name="since"
            label={t("settings.webhooks.since")}
            extra={t("settings.webhooks.since_hint")}
            rules={[{ required: true, message: t("app.required") }]}
          >
            <MomentInput />
          </Form.Item>
        </EditDialog>
      ) : null}
    </>
  );
}
