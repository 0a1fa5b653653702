// The firm's rules of contacting customers: what for, what that needs, over which channels, and when not.
import { DeleteOutlined, EditOutlined } from "@ant-design/icons";
import { Button, Descriptions, Popconfirm } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/queries";
import { CHANNELS, type Channel } from "../../api/record";
import {
  type ContactPolicy,
  type PolicyInForce,
  type Purpose,
  readPolicy,
  settingsKeys,
  usePolicy,
  writePolicy,
} from "../../api/settings";
import { Answer } from "../../components/Answer";
import { useLanguageName } from "../../components/languages";
import { usePurposeName } from "../../components/purposes";
import { hoursText } from "../../components/QuietHoursInput";
import { Section } from "../../components/Section";
import { WideTable } from "../../components/WideTable";
import { withWords } from "../../i18n";
import { useFormat } from "../../i18n/format";
import { GeneralDialog, PurposeDialog } from "./ContactDialogs";
import { useDecision } from "./useDecision";

const MemberPageSection = lazy(() => withWords("tiers", import("./MemberPageSection")));
const read = () => readPolicy();

export function ContactTab() {
  const { t } = useTranslation();
  const policy = usePolicy();
  const decision = useDecision<ContactPolicy>(policy, settingsKeys.policy, read, writePolicy);
  const [editing, setEditing] = useState<Purpose | "new" | "general" | null>(null);
  const purposeName = usePurposeName();
  const format = useFormat();
  const reads = useMay("tiers.read");
  const decides = useMay("tiers.benefits");
  const channels = (of: Channel[]) =>
    of.length > 0
      ? format.list(
          CHANNELS.filter((one) => of.includes(one)).map((one) => t(`terms.channel.${one}`)),
        )
      : t("settings.contact.nowhere");
  return (
    <Answer query={policy}>
      {(now) => (
        <div className="stack">
          <General now={now} onEdit={() => setEditing("general")} />
          <Section
            title={t("settings.contact.purposes")}
            action={<Button onClick={() => setEditing("new")}>{t("settings.contact.add")}</Button>}
          >
            <p className="definition settings-hint">{t("settings.contact.hint")}</p>
            <WideTable<Purpose>
              size="small"
              rowKey="name"
              dataSource={now.purposes}
              pagination={false}
              locale={{ emptyText: t("record.consents.no_purposes") }}
              columns={[
                {
                  title: t("settings.contact.purpose"),
                  render: (_, row) => purposeName(row.name),
                },
                {
                  title: t("settings.contact.needs"),
                  render: (_, row) => t(`settings.contact.need.${row.needs}`),
                },
                {
                  title: t("settings.contact.channels"),
                  className: "wrapping",
                  render: (_, row) => channels(row.channels),
                },
                {
                  title: t("settings.contact.quiet_on"),
                  className: "wrapping",
                  render: (_, row) => channels(row.quiet_on),
                },
                {
                  key: "acts",
                  render: (_, row) => (
                    <span className="row" style={{ flexWrap: "nowrap", gap: 0 }}>
                      <Button
                        type="link"
                        size="small"
                        aria-label={t("record.change_of", { what: purposeName(row.name) })}
                        onClick={() => setEditing(row)}
                      >
                        {t("record.change")}
                      </Button>
                      <Popconfirm
                        title={t("settings.contact.remove_title", {
                          purpose: purposeName(row.name),
                        })}
                        description={t("settings.contact.remove_hint")}
                        okText={t("record.remove")}
                        onConfirm={() =>
                          void decision.decideNow((all) => ({
                            ...all,
                            purposes: all.purposes.filter((one) => one.name !== row.name),
                          }))
                        }
                      >
                        <Button
                          type="text"
                          size="small"
                          icon={<DeleteOutlined aria-hidden />}
                          aria-label={t("settings.contact.remove", {
                            purpose: purposeName(row.name),
                          })}
                        />
                      </Popconfirm>
                    </span>
                  ),
                },
              ]}
            />
          </Section>
          {reads && decides ? (
            <Suspense>
              <MemberPageSection />
            </Suspense>
          ) : null}
          {editing === "general" ? (
            <GeneralDialog
              now={now}
              reread={decision.reread}
              onSave={decision.decide}
              onClose={() => setEditing(null)}
            />
          ) : editing ? (
            <PurposeDialog
              purpose={editing === "new" ? null : editing}
              now={now}
              reread={decision.reread}
              onSave={decision.decide}
              onClose={() => setEditing(null)}
            />
          ) : null}
        </div>
      )}
    </Answer>
  );
}

function General(props: { now: PolicyInForce; onEdit: () => void }) {
  const { t } = useTranslation();
  const languageName = useLanguageName();
  const { now } = props;
  return (
    <Section
      title={t("settings.contact.general")}
      action={
        <Button icon={<EditOutlined aria-hidden />} onClick={props.onEdit}>
          {t("settings.contact.edit_general")}
        </Button>
      }
    >
      <p className="definition settings-hint">{t("settings.contact.general_hint")}</p>
      <Descriptions
        size="small"
        column={{ xs: 1, md: 3 }}
        items={[
          {
            key: "quiet",
            label: t("record.preferences.quiet_hours"),
            children: now.quiet_hours
              ? hoursText(now.quiet_hours, t)
              : t("record.preferences.none"),
          },
          {
            key: "language",
            label: t("record.preferences.language"),
            children: languageName(now.language),
          },
          {
            key: "channel",
            label: t("record.preferences.channel"),
            children: t(`terms.channel.${now.channel}`),
          },
        ]}
      />
    </Section>
  );
}
