// Where a system is told of events, and of which.
import { useQueryClient } from "@tanstack/react-query";
import { Checkbox, Form, Input, Select } from "antd";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import {
  addWebhook,
  changeWebhook,
  readWebhook,
  settingsKeys,
  type Webhook,
  type WebhookSecret,
  type WebhookSettings,
} from "../../api/settings";
import { EditDialog } from "../../components/EditDialog";
import { CUSTOMER_EVENTS, FIRM_EVENTS } from "../../components/eventKinds";
import { kindsText } from "../../components/eventWords";

const EVERYTHING = "*";

/** The kinds of events as people read them, one by one and by the thing they happen to. */
export function useKinds() {
  const { t } = useTranslation();
  return useMemo(() => {
    const name = (kind: string) => kindsText(kind, t);
    const kinds = [...CUSTOMER_EVENTS, ...FIRM_EVENTS];
    const groups = [...new Set(kinds.map((kind) => `${kind.split(".")[0]}.*`))];
    const options = [EVERYTHING, ...groups, ...kinds].map((kind) => ({
      value: kind,
      label: name(kind),
    }));
    return { name, options };
  }, [t]);
}

const known = (of: Webhook | null): { values: WebhookSettings; version: number } => ({
  values: {
    url: of?.url ?? "",
    kinds: of?.kinds ?? [EVERYTHING],
    active: of?.active ?? true,
    allow_http: of?.allow_http ?? false,
  },
  version: of?.version ?? 0,
});

export function WebhookDialog(props: {
  endpoint: Webhook | null;
  onSecret: (secret: WebhookSecret) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const kinds = useKinds();
  const { endpoint } = props;
  const labels = {
    url: t("settings.webhooks.url"),
    kinds: t("settings.webhooks.kinds"),
    active: t("settings.webhooks.on"),
    allow_http: t("settings.webhooks.allow_http"),
  };
  return (
    <EditDialog<WebhookSettings>
      title={t(endpoint ? "settings.webhooks.edit_title" : "settings.webhooks.add")}
      save={t("record.save")}
      known={known(endpoint)}
      labels={labels}
      show={(name, value) =>
        name === "kinds"
          ? (value as string[]).map(kinds.name).join(", ")
          : typeof value === "boolean"
            ? t(value ? "events.yes" : "events.no")
            : String(value)
      }
      reread={endpoint ? async () => known(await readWebhook(endpoint.id)) : undefined}
      onSave={async (typed, { version, key }) => {
        if (endpoint) await changeWebhook(endpoint.id, version, typed);
        else props.onSecret(await addWebhook(typed, key));
      }}
      onSaved={() => void client.invalidateQueries({ queryKey: settingsKeys.webhooks })}
      onClose={props.onClose}
    >
      <Form.Item
        name="url"
        label={labels.url}
        extra={t("settings.webhooks.url_hint")}
        rules={[{ required: true, whitespace: true, message: t("app.required") }]}
      >
        <Input autoFocus inputMode="url" placeholder="https://" />
      </Form.Item>
      <Form.Item
        name="kinds"
        label={labels.kinds}
        rules={[{ required: true, message: t("app.required") }]}
      >
        <Select
          mode="tags"
          options={kinds.options}
          showSearch={{ optionFilterProp: "label" }}
          maxTagTextLength={40}
        />
      </Form.Item>
      <Form.Item name="active" valuePropName="checked" extra={t("settings.webhooks.on_hint")}>
        <Checkbox>{labels.active}</Checkbox>
      </Form.Item>
      <Form.Item
        name="allow_http"
        valuePropName="checked"
        extra={t("settings.webhooks.allow_http_hint")}
      >
        <Checkbox>{labels.allow_http}</Checkbox>
      </Form.Item>
    </EditDialog>
  );
}
