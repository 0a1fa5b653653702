// The room of levels: the firm's programmes, and what was given by hand. Which side stands in the address.
import { Tabs } from "antd";
import { useTranslation } from "react-i18next";
import { Navigate, useNavigate, useParams } from "react-router";
import { useMay } from "../../api/queries";
import { PageHead } from "../../components/PageHead";
import { GrantsTab } from "./GrantsTab";
import { Programmes } from "./Programmes";

export function TiersRoom() {
  const { t } = useTranslation();
  const { tab = "" } = useParams();
  const navigate = useNavigate();
  // What was given by hand names customers.
  const mayCustomers = useMay("customers.read");
  const tabs = mayCustomers ? ["programmes", "grants"] : ["programmes"];
  if (!tabs.includes(tab)) return <Navigate to="/tiers/programmes" replace />;
  return (
    <>
      <PageHead title={t(`tiers.room.${tab}`)} lead={t(`tiers.lead.${tab}`)} />
      <Tabs
        activeKey={tab}
        onChange={(next) => navigate(`/tiers/${next}`)}
        items={tabs.map((key) => ({ key, label: t(`tiers.room.${key}`) }))}
      />
      {tab === "grants" ? <GrantsTab /> : <Programmes />}
    </>
  );
}
