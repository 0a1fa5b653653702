// What customers read on their own page about complaining.
import { EditOutlined } from "@ant-design/icons";
import { Button, Descriptions, Form, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type MemberPageSettings,
  type MemberPageTexts,
  memberPageKey,
  readMemberPage,
  useMemberPage,
  writeMemberPage,
} from "../../api/member";
import { Answer } from "../../components/Answer";
import { EditDialog } from "../../components/EditDialog";
import { Section } from "../../components/Section";
import { useDecision } from "./useDecision";

const CHARS_MAX = 500;
const read = () => readMemberPage();
const known = ({ version, ...values }: MemberPageSettings) => ({ values, version });

export default function MemberPageSection() {
  const { t } = useTranslation();
  const texts = useMemberPage();
  const decision = useDecision<MemberPageTexts>(texts, memberPageKey, read, writeMemberPage);
  const [editing, setEditing] = useState(false);
  const labels = {
    complaint_zh: t("tiers.member_page.complaint_zh"),
    complaint_en: t("tiers.member_page.complaint_en"),
  };
  const names = ["complaint_zh", "complaint_en"] as const;
  return (
    <Answer query={texts}>
      {(now) => (
        <Section
          title={t("tiers.member_page.title")}
          action={
            <Button icon={<EditOutlined aria-hidden />} onClick={() => setEditing(true)}>
              {t("tiers.member_page.edit")}
            </Button>
          }
        >
          <p className="definition settings-hint">{t("tiers.member_page.hint")}</p>
          <Descriptions
            size="small"
            column={{ xs: 1, md: 2 }}
            items={names.map((name) => ({
              key: name,
              label: labels[name],
              children: now[name] || t("tiers.member_page.unsaid"),
            }))}
          />
          {editing ? (
            <EditDialog<MemberPageTexts>
              title={t("tiers.member_page.edit")}
              save={t("record.save")}
              known={known(now)}
              labels={labels}
              reread={async () => known(await decision.reread())}
              onSave={(typed, { version }) =>
                decision.decide(version, (texts) => ({ ...texts, ...typed }))
              }
              onClose={() => setEditing(false)}
            >
              {names.map((name) => (
                <Form.Item key={name} name={name} label={labels[name]}>
                  <Input.TextArea rows={3} maxLength={CHARS_MAX} />
                </Form.Item>
              ))}
            </EditDialog>
          ) : null}
        </Section>
      )}
    </Answer>
  );
}
