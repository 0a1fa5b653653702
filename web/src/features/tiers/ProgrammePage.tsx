// One programme: its versions, what a draft would change, who has which level, and who is to be told. The tab and
// the version stand in the address.
import { ArrowLeftOutlined, EditOutlined } from "@ant-design/icons";
import { Breadcrumb, Button, Tabs } from "antd";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useNavigate, useParams } from "react-router";
import { useMay, useWholeFirm } from "../../api/queries";
import { type ProgrammeShown, useProgramme } from "../../api/tiers";
import { Answer, Waiting } from "../../components/Answer";
import { PageHead } from "../../components/PageHead";
import { useUrlState } from "../../components/urlState";
import { useNameOf } from "../../components/useNameOf";
import { useFormat } from "../../i18n/format";
import { LevelsTab } from "./LevelsTab";
import { ProgrammeDialog } from "./ProgrammeDialog";

const SimulationTab = lazy(async () => ({
  default: (await import("./SimulationTab")).SimulationTab,
}));
const MembersTab = lazy(async () => ({ default: (await import("./MembersTab")).MembersTab }));
const NoticesTab = lazy(async () => ({ default: (await import("./NoticesTab")).NoticesTab }));

export function ProgrammePage() {
  const { id = "" } = useParams();
  return (
    <Answer query={useProgramme(id)}>{(programme) => <Page key={id} of={programme} />}</Answer>
  );
}

function Page(props: { of: ProgrammeShown }) {
  const { of } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useNameOf();
  const navigate = useNavigate();
  const { tab = "" } = useParams();
  const [search] = useUrlState();
  const [changing, setChanging] = useState(false);
  const mayWrite = useMay("tiers.write");
  const mayCustomers = useMay("customers.read");
  // A simulation is about the whole firm.
  const whole = useWholeFirm();
  if (whole === undefined) return <Waiting />;
  const tabs = [
    "levels",
    ...(whole ? ["simulation"] : []),
    "members",
    ...(mayCustomers ? ["notices"] : []),
  ];
  const base = `/tiers/programmes/${of.id}`;
  if (!tabs.includes(tab)) return <Navigate to={`${base}/levels`} replace />;
  const version = search.get("version");
  return (
    <>
      <Breadcrumb
        items={[
          {
            title: (
              <Link to="/tiers/programmes">
                <ArrowLeftOutlined aria-hidden /> {t("tiers.room.programmes")}
              </Link>
            ),
          },
          { title: of.code },
        ]}
      />
      <PageHead
        figures
        title={nameOf(of)}
        lead={
          of.in_force
            ? t("tiers.version.since", {
                number: of.in_force.number,
                day: format.day(of.in_force.document.effective_on),
              })
            : t("tiers.version.none_in_force")
        }
        actions={
          mayWrite ? (
            <Button icon={<EditOutlined aria-hidden />} onClick={() => setChanging(true)}>
              {t("tiers.programme.change")}
            </Button>
          ) : null
        }
      />
      <Tabs
        activeKey={tab}
        onChange={(next) => navigate(`${base}/${next}${version ? `?version=${version}` : ""}`)}
        items={tabs.map((key) => ({ key, label: t(`tiers.tab.${key}`) }))}
      />
      <Suspense fallback={<Waiting />}>
        {tab === "levels" ? <LevelsTab of={of} /> : null}
        {tab === "simulation" ? <SimulationTab of={of} /> : null}
        {tab === "members" ? <MembersTab of={of} /> : null}
        {tab === "notices" ? <NoticesTab of={of} /> : null}
      </Suspense>
      {changing ? <ProgrammeDialog of={of} onClose={() => setChanging(false)} /> : null}
    </>
  );
}
