// The dialogs of the contact rules: what holds for everybody, and one purpose.
import { Checkbox, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { CHANNELS, type Channel, type QuietHours } from "../../api/record";
import {
  type ContactPolicy,
  NEEDS,
  type Need,
  type PolicyInForce,
  type Purpose,
} from "../../api/settings";
import { EditDialog } from "../../components/EditDialog";
import { LANGUAGES_SPOKEN, useLanguageName } from "../../components/languages";
import { usePurposeName } from "../../components/purposes";
import { hoursText, QuietHoursInput } from "../../components/QuietHoursInput";

type Deciding = {
  now: PolicyInForce;
  reread: () => Promise<PolicyInForce>;
  onSave: (version: number, change: (now: ContactPolicy) => ContactPolicy) => Promise<unknown>;
  onClose: () => void;
};

type GeneralTyped = { quiet_hours: QuietHours | null; language: string; channel: Channel };

export function GeneralDialog(props: Deciding) {
  const { t } = useTranslation();
  const languageName = useLanguageName();
  const known = ({ quiet_hours, language, channel, version }: PolicyInForce) => ({
    values: { quiet_hours: quiet_hours ?? null, language, channel },
    version,
  });
  const labels = {
    quiet_hours: t("record.preferences.quiet_hours"),
    language: t("record.preferences.language"),
    channel: t("record.preferences.channel"),
  };
  return (
    <EditDialog<GeneralTyped>
      title={t("settings.contact.edit_general")}
      save={t("record.save")}
      known={known(props.now)}
      labels={labels}
      show={(name, value) =>
        name === "quiet_hours"
          ? value
            ? hoursText(value as QuietHours, t)
            : t("record.preferences.none")
          : name === "channel"
            ? t(`terms.channel.${value as Channel}`)
            : languageName(String(value))
      }
      reread={async () => known(await props.reread())}
      onSave={(typed, { version }) => props.onSave(version, (now) => ({ ...now, ...typed }))}
      onClose={props.onClose}
    >
      <Form.Item
        name="quiet_hours"
        label={labels.quiet_hours}
        extra={t("settings.contact.quiet_hint")}
      >
        <QuietHoursInput />
      </Form.Item>
      <div className="settings-grid">
        <Form.Item name="language" label={labels.language}>
          <Select
            options={LANGUAGES_SPOKEN.map((code) => ({ value: code, label: languageName(code) }))}
          />
        </Form.Item>
        <Form.Item name="channel" label={labels.channel}>
          <Select
            options={CHANNELS.map((channel) => ({
              value: channel,
              label: t(`terms.channel.${channel}`),
            }))}
          />
        </Form.Item>
      </div>
    </EditDialog>
  );
}

export function PurposeDialog(props: Deciding & { purpose: Purpose | null }) {
  const { t } = useTranslation();
  const purposeName = usePurposeName();
  const { purpose } = props;
  const of = (from: Purpose | null): Purpose =>
    from ?? { name: "", needs: "consent", channels: [], quiet_on: [] };
  const labels = {
    name: t("settings.contact.name"),
    needs: t("settings.contact.needs"),
    channels: t("settings.contact.channels"),
    quiet_on: t("settings.contact.quiet_on"),
  };
  const channels = CHANNELS.map((channel) => ({
    value: channel,
    label: t(`terms.channel.${channel}`),
  }));
  return (
    <EditDialog<Purpose>
      title={
        purpose
          ? t("settings.contact.edit_purpose", { purpose: purposeName(purpose.name) })
          : t("settings.contact.add")
      }
      save={t("record.save")}
      known={{ values: of(purpose), version: props.now.version }}
      labels={labels}
      show={(name, value) =>
        name === "needs"
          ? t(`settings.contact.need.${value as Need}`)
          : Array.isArray(value)
            ? value.map((channel: Channel) => t(`terms.channel.${channel}`)).join(", ")
            : String(value)
      }
      reread={async () => {
        const now = await props.reread();
        const there = now.purposes.find((one) => one.name === purpose?.name);
        return { values: of(there ?? purpose), version: now.version };
      }}
      onSave={(typed, { version }) =>
        props.onSave(version, (now) => {
          const said = {
            ...typed,
            quiet_on: typed.quiet_on.filter((channel) => typed.channels.includes(channel)),
          };
          const there = now.purposes.some((one) => one.name === purpose?.name);
          return {
            ...now,
            purposes: there
              ? now.purposes.map((one) => (one.name === purpose?.name ? said : one))
              : [...now.purposes, said],
          };
        })
      }
      onClose={props.onClose}
      // The purposes are refused as a whole; mostly it is the name.
      places={{ purposes: "name" }}
    >
      {purpose ? null : (
        <Form.Item
          name="name"
          label={labels.name}
          extra={t("settings.contact.name_hint")}
          rules={[
            { required: true, message: t("app.required") },
            { pattern: /^[a-z0-9_]{1,64}$/, message: t("problem.code.purpose_name_malformed") },
          ]}
        >
          <Input autoFocus autoComplete="off" />
        </Form.Item>
      )}
      <Form.Item name="needs" label={labels.needs}>
        <Select
          options={NEEDS.map((need) => ({
            value: need,
            label: t(`settings.contact.need.${need}`),
          }))}
        />
      </Form.Item>
      <Form.Item name="channels" label={labels.channels}>
        <Checkbox.Group options={channels} />
      </Form.Item>
      <Form.Item noStyle shouldUpdate={(one, other) => one.channels !== other.channels}>
        {({ getFieldValue }) => (
          <Form.Item
            name="quiet_on"
            label={labels.quiet_on}
            extra={t("settings.contact.quiet_on_hint")}
          >
            <Checkbox.Group
              options={channels.map((channel) => ({
                ...channel,
                disabled: !getFieldValue("channels")?.includes(channel.value),
              }))}
            />
          </Form.Item>
        )}
      </Form.Item>
    </EditDialog>
  );
}
