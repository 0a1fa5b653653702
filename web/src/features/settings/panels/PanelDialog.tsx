// Which system a panel asks, how, and what it shows of the answer.
import { useQueryClient } from "@tanstack/react-query";
import { Checkbox, Form, type FormInstance, Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";
import { keys, useMay } from "../../../api/queries";
import { IDENTITY_KINDS } from "../../../api/record";
import {
  addPanel,
  changePanel,
  PANEL_AUTHS,
  type Panel,
  type PanelField,
  readPanel,
  settingsKeys,
} from "../../../api/settings";
import { EditDialog } from "../../../components/EditDialog";
import { PanelFieldRows } from "./PanelFieldRows";
import { PLACES, secretOf, settingsOf, type Typed, typedOf } from "./panelForm";
import { TryPanel } from "./TryPanel";

const LABEL_CHARS = 64;
const FLAGS = ["personal", "allow_private", "allow_http"] as const;

const known = (panel: Panel) => ({ values: typedOf(panel), version: panel.version });

export function PanelDialog(props: {
  panel: Panel | null;
  /** Where a new one comes. */
  position: number;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const mayTry = [useMay("customers.read"), useMay("customers.personal")].every(Boolean);
  const { panel } = props;
  const labels: Record<keyof Typed, string> = {
    zh: t("settings.panels.zh"),
    en: t("settings.panels.en"),
    url: t("settings.panels.url"),
    auth: t("settings.panels.auth"),
    user: t("settings.panels.user"),
    header: t("settings.panels.header"),
    secret: t("settings.panels.secret"),
    fields: t("settings.panels.fields"),
    cache_s: t("settings.panels.cache_s"),
    deadline_ms: t("settings.panels.deadline_ms"),
    kib_max: t("settings.panels.kib_max"),
    position: t("settings.panels.position"),
    active: t("settings.panels.active"),
    personal: t("settings.panels.personal"),
    allow_http: t("settings.panels.allow_http"),
    allow_private: t("settings.panels.allow_private"),
  };
  const needed = { required: true, whitespace: true, message: t("app.required") };
  const number = { required: true, message: t("app.required") };
  return (
    <EditDialog<Typed>
      title={t(panel ? "settings.panels.edit_title" : "settings.panels.add")}
      save={t("record.save")}
      known={
        panel
          ? known(panel)
          : { values: { ...typedOf(null), position: props.position }, version: 0 }
      }
      labels={labels}
      places={PLACES}
      show={(name, value) =>
        name === "auth"
          ? t(`settings.panels.auths.${value as Typed["auth"]}`)
          : typeof value === "boolean"
            ? t(value ? "events.yes" : "events.no")
            : Array.isArray(value)
              ? (value as PanelField[]).map((field) => field.pointer).join(", ")
              : String(value ?? "—")
      }
      reread={panel ? async () => known(await readPanel(panel.id)) : undefined}
      onSave={async (typed, { version, key }) => {
        const [settings, secret] = [settingsOf(typed), secretOf(typed)];
        if (panel) await changePanel(panel.id, version, settings, secret);
        else await addPanel(settings, secret, key);
      }}
      onSaved={() => {
        void client.invalidateQueries({ queryKey: settingsKeys.panels });
        // Every customer's page is asked anew.
        void client.invalidateQueries({ queryKey: keys.customers });
      }}
      onClose={props.onClose}
      width={820}
    >
      {(form) => (
        <>
          <div className="settings-grid">
            <Form.Item name="zh" label={labels.zh} rules={[needed]}>
              <Input autoFocus maxLength={LABEL_CHARS} />
            </Form.Item>
            <Form.Item name="en" label={labels.en} rules={[needed]}>
              <Input maxLength={LABEL_CHARS} />
            </Form.Item>
          </div>
          <Address form={form} label={labels.url} />
          <Auth kept={panel?.has_secret ?? false} labels={labels} />
          <PanelFieldRows label={labels.fields} />
          <div className="panel-numbers">
            <Form.Item
              name="cache_s"
              label={labels.cache_s}
              extra={t("settings.panels.cache_hint")}
              rules={[number]}
            >
              <InputNumber min={0} max={86_400} precision={0} style={{ width: "100%" }} />
            </Form.Item>
            <Form.Item
              name="deadline_ms"
              label={labels.deadline_ms}
              extra={t("settings.panels.deadline_hint")}
              rules={[number]}
            >
              <InputNumber min={50} max={1_500} precision={0} style={{ width: "100%" }} />
            </Form.Item>
            <Form.Item name="kib_max" label={labels.kib_max} rules={[number]}>
              <InputNumber min={1} max={1_024} style={{ width: "100%" }} />
            </Form.Item>
            <Form.Item name="position" label={labels.position} rules={[number]}>
              <InputNumber min={-1_000} max={1_000} precision={0} style={{ width: "100%" }} />
            </Form.Item>
          </div>
          <Form.Item name="active" valuePropName="checked">
            <Checkbox>{labels.active}</Checkbox>
          </Form.Item>
          {FLAGS.map((flag) => (
            <Form.Item
              key={flag}
              name={flag}
              valuePropName="checked"
              extra={t(`settings.panels.${flag}_hint`)}
            >
              <Checkbox>{labels[flag]}</Checkbox>
            </Form.Item>
          ))}
          {mayTry ? <TryPanel panel={panel?.id ?? null} form={form} /> : null}
        </>
      )}
    </EditDialog>
  );
}

/** The address, and the places that stand for a customer in it. */
function Address(props: { form: FormInstance<Typed>; label: string }) {
  const { t } = useTranslation();
  const { form } = props;
  const places = [
    { value: "{external_id}", label: t("settings.panels.places.external_id") },
    { value: "{id}", label: t("settings.panels.places.id") },
    ...IDENTITY_KINDS.map((kind) => ({
      value: `{identity:${kind}}`,
      label: t("settings.panels.places.identity", { kind: t(`terms.identity.${kind}`) }),
    })),
  ];
  return (
    <div className="panel-address">
      <Form.Item
        name="url"
        label={props.label}
        extra={t("settings.panels.url_hint")}
        rules={[{ required: true, whitespace: true, message: t("app.required") }]}
      >
        <Input
          inputMode="url"
          autoComplete="off"
          placeholder="https://billing.example.com/accounts/{external_id}"
        />
      </Form.Item>
      <Select<string>
        value={null}
        placeholder={t("settings.panels.place")}
        aria-label={t("settings.panels.place")}
        options={places}
        onChange={(place) => {
          form.setFieldValue("url", `${form.getFieldValue("url") ?? ""}${place}`);
        }}
      />
    </div>
  );
}

/** How Patron shows who asks. */
function Auth(props: { kept: boolean; labels: Record<keyof Typed, string> }) {
  const { t } = useTranslation();
  const { labels } = props;
  const auth = Form.useWatch<Typed["auth"]>("auth") ?? "none";
  const needed = { required: true, whitespace: true, message: t("app.required") };
  return (
    <div className="settings-grid">
      <Form.Item name="auth" label={labels.auth}>
        <Select
          options={PANEL_AUTHS.map((kind) => ({
            value: kind,
            label: t(`settings.panels.auths.${kind}`),
          }))}
        />
      </Form.Item>
      {auth === "basic" ? (
        <Form.Item name="user" label={labels.user} rules={[needed]}>
          <Input autoComplete="off" maxLength={200} />
        </Form.Item>
      ) : null}
      {auth === "header" ? (
        <Form.Item name="header" label={labels.header} rules={[needed]}>
          <Input autoComplete="off" placeholder="X-Api-Key" />
        </Form.Item>
      ) : null}
      {auth === "none" ? null : (
        <Form.Item
          name="secret"
          label={labels.secret}
          extra={t("settings.panels.secret_hint")}
          rules={props.kept ? [] : [needed]}
        >
          <Input.Password
            autoComplete="new-password"
            placeholder={props.kept ? t("settings.panels.secret_kept") : undefined}
          />
        </Form.Item>
      )}
    </div>
  );
}
