// How a customer wants to be contacted. What they have not said is as the firm decided.
import { EditOutlined } from "@ant-design/icons";
import { AutoComplete, Button, Descriptions, Form, Select, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../../api/queries";
import {
  CHANNELS,
  type Channel,
  changePreferences,
  type PreferencesInForce,
  type QuietHours,
  readPreferences,
  usePreferences,
} from "../../../api/record";
import { Answer } from "../../../components/Answer";
import { EditDialog } from "../../../components/EditDialog";
import { LANGUAGES_SPOKEN, useLanguageName } from "../../../components/languages";
import { hoursText, QuietHoursInput } from "../../../components/QuietHoursInput";
import { Section } from "../../../components/Section";
import { ABSENT } from "../../../i18n/format";
import { useSaved } from "./useSaved";

type Typed = {
  channel: Channel | null;
  language: string | null;
  zone: string | null;
  quiet_hours: QuietHours | null;
};

const known = (of: PreferencesInForce): { values: Typed; version: number } => ({
  values: {
    channel: of.said.channel ?? null,
    language: of.said.language ?? null,
    zone: of.said.zone ?? null,
    quiet_hours: of.said.quiet_hours ?? null,
  },
  version: of.version,
});

export function PreferencesSection(props: { customerId: string }) {
  const { t } = useTranslation();
  const languageName = useLanguageName();
  const preferences = usePreferences(props.customerId);
  const mayWrite = useMay("customers.write");
  const [editing, setEditing] = useState(false);
  const shown = (now: PreferencesInForce) => ({
    channel: { text: t(`terms.channel.${now.channel}`), own: now.said.channel !== null },
    language: { text: languageName(now.language), own: now.said.language !== null },
    zone: { text: now.zone, own: now.said.zone !== null },
    quiet_hours: {
      text: now.quiet_hours ? hoursText(now.quiet_hours, t) : t("record.preferences.none"),
      own: now.said.quiet_hours !== null,
    },
  });
  return (
    <Section
      title={t("record.preferences.title")}
      action={
        mayWrite && preferences.data ? (
          <Button icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)}>
            {t("record.preferences.edit")}
          </Button>
        ) : null
      }
    >
      <Answer query={preferences} rows={2}>
        {(now) => (
          <Descriptions
            size="small"
            column={{ xs: 1, md: 2 }}
            items={Object.entries(shown(now)).map(([name, { text, own }]) => ({
              key: name,
              label: t(`record.preferences.${name}`),
              children: (
                <span>
                  {text}{" "}
                  <Typography.Text type="secondary" className="figure-note">
                    {t(own ? "record.preferences.own" : "record.preferences.firm")}
                  </Typography.Text>
                </span>
              ),
            }))}
          />
        )}
      </Answer>
      {editing && preferences.data ? (
        <PreferencesDialog
          customerId={props.customerId}
          now={preferences.data}
          onClose={() => setEditing(false)}
        />
      ) : null}
    </Section>
  );
}

function PreferencesDialog(props: {
  customerId: string;
  now: PreferencesInForce;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const languageName = useLanguageName();
  const saved = useSaved(props.customerId);
  const labels = {
    channel: t("record.preferences.channel"),
    language: t("record.preferences.language"),
    zone: t("record.preferences.zone"),
    quiet_hours: t("record.preferences.quiet_hours"),
  };
  const asFirm = t("record.preferences.as_firm");
  return (
    <EditDialog<Typed>
      title={t("record.preferences.edit_title")}
      save={t("record.save")}
      known={known(props.now)}
      labels={labels}
      show={(name, value) => {
        if (value === null || value === undefined) return asFirm;
        if (name === "channel") return t(`terms.channel.${value as Channel}`);
        if (name === "language") return languageName(String(value));
        if (name === "quiet_hours") return hoursText(value as QuietHours, t);
        return String(value ?? ABSENT);
      }}
      reread={async () => known(await readPreferences(props.customerId))}
      onSave={(typed, { version }) => changePreferences(props.customerId, version, typed)}
      onSaved={saved}
      onClose={props.onClose}
    >
      <div className="settings-grid">
        <Form.Item name="channel" label={labels.channel} normalize={orNull}>
          <Select
            allowClear
            placeholder={asFirm}
            options={CHANNELS.map((channel) => ({
              value: channel,
              label: t(`terms.channel.${channel}`),
            }))}
          />
        </Form.Item>
        <Form.Item name="language" label={labels.language} normalize={orNull}>
          <Select
            allowClear
            placeholder={asFirm}
            options={LANGUAGES_SPOKEN.map((code) => ({ value: code, label: languageName(code) }))}
          />
        </Form.Item>
      </div>
      <Form.Item
        name="zone"
        label={labels.zone}
        extra={t("record.preferences.zone_hint")}
        normalize={orNull}
      >
        <AutoComplete
          allowClear
          placeholder={asFirm}
          options={Intl.supportedValuesOf("timeZone").map((zone) => ({ value: zone }))}
          showSearch={{
            filterOption: (typed, option) =>
              option?.value.toLowerCase().includes(typed.toLowerCase()) ?? false,
          }}
        />
      </Form.Item>
      <Form.Item
        name="quiet_hours"
        label={labels.quiet_hours}
        extra={t("record.preferences.quiet_hint")}
      >
        <QuietHoursInput />
      </Form.Item>
    </EditDialog>
  );
}

const orNull = (value: unknown) => (value === undefined || value === "" ? null : value);
