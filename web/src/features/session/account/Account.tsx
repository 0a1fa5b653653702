// One's own account: password, second factor, where one is signed in, keys for programs.
import { useQueryClient } from "@tanstack/react-query";
import { App, Descriptions } from "antd";
import { useTranslation } from "react-i18next";
import { accessKeys, endSession, useSessions } from "../../../api/access";
import { useSession } from "../../../api/queries";
import { useMyLinks } from "../../../api/signOn";
import { Answer } from "../../../components/Answer";
import { PageHead } from "../../../components/PageHead";
import { ProviderLinks } from "../../../components/ProviderLinks";
import { roleName } from "../../../components/roles";
import { Section } from "../../../components/Section";
import { Sessions } from "../../../components/Sessions";
import { ABSENT } from "../../../i18n/format";
import { PasswordForm } from "../PasswordForm";
import { EndOthers } from "./EndOthers";
import { KeysSection } from "./KeysSection";
import { SecondFactorSection } from "./SecondFactorSection";

export function Account() {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const user = useSession().data?.user;
  return (
    <>
      <PageHead
        title={t("access.account.title")}
        lead={[user?.name, user?.login].filter(Boolean).join(" · ")}
      />
      <div className="stack narrow">
        <StandingSection />
        <LinksSection />
        <SecondFactorSection />
        <Section title={t("access.account.password")}>
          <p className="definition settings-hint">{t("access.account.password_hint")}</p>
          <div className="account-form">
            <PasswordForm
              save={t("access.account.change_password")}
              onChanged={() => message.success(t("access.account.password_changed"))}
            />
          </div>
        </Section>
        <SessionsSection />
        <KeysSection />
      </div>
    </>
  );
}

/** What one's role is called, and which customers it lets one see. */
function StandingSection() {
  const { t } = useTranslation();
  const session = useSession().data;
  if (!session) return null;
  const role = { role: session.user.role, name: session.role_name ?? null };
  const facts = [
    { key: "role", label: t("access.account.role"), children: roleName(role, t) },
    {
      key: "scope",
      label: t("access.account.scope"),
      children: session.scope ? t(`access.scope.${session.scope}`) : ABSENT,
    },
    ...(session.branch_name
      ? [{ key: "branch", label: t("access.account.branch"), children: session.branch_name }]
      : []),
  ];
  return (
    <Section title={t("access.account.standing")}>
      <Descriptions size="small" column={1} items={facts} />
    </Section>
  );
}

/** For whom there is nothing to say, nothing is said. */
function LinksSection() {
  const { t } = useTranslation();
  const links = useMyLinks().data?.items ?? [];
  if (links.length === 0) return null;
  return (
    <Section title={t("access.links.mine")}>
      <p className="definition settings-hint">{t("access.links.hint")}</p>
      <ProviderLinks items={links} />
    </Section>
  );
}

function SessionsSection() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const sessions = useSessions();
  const others = sessions.data?.items.some((one) => !one.is_current);
  return (
    <Section title={t("access.sessions.mine")} action={others ? <EndOthers /> : null}>
      <p className="definition settings-hint">{t("access.sessions.hint")}</p>
      <Answer query={sessions} rows={2}>
        {({ items }) => (
          <Sessions
            items={items}
            onEnd={async (id) => {
              await endSession(id);
              await client.invalidateQueries({ queryKey: accessKeys.sessions });
            }}
          />
        )}
      </Answer>
    </Section>
  );
}
