// What administrators decide and look into. Which part stands in the address; nobody sees one they may not use.
import { Tabs } from "antd";
import { type ComponentType, lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Navigate, useNavigate, useParams } from "react-router";
import { Waiting } from "../../components/Answer";
import Forbidden from "../../components/Forbidden";
import { PageHead } from "../../components/PageHead";
import { type SettingsTabName, useSettingsTabs } from "./tabs";

const PARTS: Record<SettingsTabName, ComponentType> = {
  users: lazy(async () => ({ default: (await import("./users/UsersTab")).UsersTab })),
  roles: lazy(async () => ({ default: (await import("./roles/RolesTab")).RolesTab })),
  places: lazy(async () => ({ default: (await import("./places/PlacesTab")).PlacesTab })),
  sign_on: lazy(async () => ({ default: (await import("./sign-on/SignOnTab")).SignOnTab })),
  fields: lazy(async () => ({ default: (await import("./FieldsTab")).FieldsTab })),
  contact: lazy(async () => ({ default: (await import("./ContactTab")).ContactTab })),
  panels: lazy(async () => ({ default: (await import("./panels/PanelsTab")).PanelsTab })),
  webhooks: lazy(async () => ({ default: (await import("./WebhooksTab")).WebhooksTab })),
  audit: lazy(async () => ({ default: (await import("./AuditTab")).AuditTab })),
};

export function SettingsRoom() {
  const { t } = useTranslation();
  const { tab = "" } = useParams();
  const navigate = useNavigate();
  const tabs = useSettingsTabs();
  if (!tabs) return <Waiting />;
  const open = tabs.find((one) => one === tab);
  if (!open) {
    return tabs[0] ? <Navigate to={`/settings/${tabs[0]}`} replace /> : <Forbidden />;
  }
  const Part = PARTS[open];
  return (
    <>
      <PageHead title={t("settings.title", { tab: t(`settings.tab.${open}`) })} />
      <Tabs
        activeKey={open}
        onChange={(next) => navigate(`/settings/${next}`)}
        items={tabs.map((key) => ({ key, label: t(`settings.tab.${key}`) }))}
      />
      <Suspense fallback={<Waiting />}>
        <Part />
      </Suspense>
    </>
  );
}
