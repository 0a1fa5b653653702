// Records what a customer said: agreed or withdrew, what for, over which channels, where it was said.
import { AutoComplete, Checkbox, Form } from "antd";
import { useTranslation } from "react-i18next";
import { CHANNELS, type Channel, sayConsents } from "../../../api/record";
import type { Purpose } from "../../../api/settings";
import { EditDialog } from "../../../components/EditDialog";
import { MomentInput } from "../../../components/MomentInput";
import { usePurposeName } from "../../../components/purposes";
import { useSaved } from "./useSaved";

type Typed = {
  purposes: string[];
  channels: Channel[];
  source: string;
  at: string | null;
  expires_at: string | null;
};

export function ConsentDialog(props: {
  customerId: string;
  given: boolean;
  purposes: Purpose[];
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const purposeName = usePurposeName();
  const saved = useSaved(props.customerId);
  const { given } = props;
  const labels = {
    purposes: t("record.consents.purposes"),
    channels: t("record.consents.channels"),
    source: t("record.consents.source"),
    at: t("record.consents.said_at"),
    expires_at: t("record.consents.expires"),
  };
  // What needs no consent cannot be agreed to; an objection to it is possible.
  const purposes = props.purposes.filter(
    (one) => one.needs === "consent" || (!given && one.needs === "no_withdrawal"),
  );
  const used = CHANNELS.filter((channel) =>
    purposes.some((purpose) => purpose.channels.includes(channel)),
  );
  return (
    <EditDialog<Typed>
      title={t(given ? "record.consents.give_title" : "record.consents.withdraw_title")}
      save={t(given ? "record.consents.give" : "record.consents.withdraw")}
      known={{
        values: { purposes: [], channels: [], source: "", at: null, expires_at: null },
        version: 0,
      }}
      labels={labels}
      onSave={(typed, { key }) => sayConsents(props.customerId, { ...typed, given }, key)}
      onSaved={saved}
      onClose={props.onClose}
    >
      <Form.Item
        name="purposes"
        label={labels.purposes}
        rules={[{ required: true, message: t("record.consents.choose_purpose") }]}
      >
        <Checkbox.Group
          options={purposes.map(({ name }) => ({ value: name, label: purposeName(name) }))}
        />
      </Form.Item>
      <Form.Item
        name="channels"
        label={labels.channels}
        rules={[{ required: true, message: t("record.consents.choose_channel") }]}
      >
        <Checkbox.Group
          options={used.map((channel) => ({
            value: channel,
            label: t(`terms.channel.${channel}`),
          }))}
        />
      </Form.Item>
      <Form.Item
        name="source"
        label={labels.source}
        extra={t("record.consents.source_hint")}
        rules={[{ required: true, whitespace: true, message: t("app.required") }]}
      >
        <AutoComplete
          options={["call", "counter", "form", "message"].map((source) => ({
            value: t(`record.consents.sources.${source}`),
          }))}
        />
      </Form.Item>
      <div className="settings-grid">
        <Form.Item name="at" label={labels.at}>
          <MomentInput placeholder={t("record.consents.now")} />
        </Form.Item>
        {given ? (
          <Form.Item name="expires_at" label={labels.expires_at}>
            <MomentInput placeholder={t("record.consents.no_end")} />
          </Form.Item>
        ) : null}
      </div>
    </EditDialog>
  );
}
