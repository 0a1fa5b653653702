// The value room: one run at a time, seen from several sides. Which run and which side stand in the
// address.
import { PlayCircleOutlined } from "@ant-design/icons";
import { Alert, Button, Select, Tabs } from "antd";
import { type ComponentType, lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useNavigate, useParams } from "react-router";
import { problemCode, useMay, usePublishedRuns, useReport } from "../../api/queries";
import type { Report } from "../../api/types";
import { Answer, Waiting } from "../../components/Answer";
import { PageHead } from "../../components/PageHead";
import { Teach } from "../../components/Teach";
import { useUrlState } from "../../components/urlState";
import { useFormat } from "../../i18n/format";
import { Bucket } from "./Bucket";
import { Cohorts } from "./Cohorts";
import { Loyalty } from "./Loyalty";
import { Matrix } from "./Matrix";
import { Overview } from "./Overview";
import { Pareto } from "./Pareto";
import { ValidationTab } from "./ValidationTab";

export type ReportTab = {
  report: Report;
  runId: string;
  /** Whether this is the newest run: the list of customers knows no other. */
  newest: boolean;
};

const OF_A_RUN: Record<string, ComponentType<ReportTab>> = {
  overview: Overview,
  bucket: Bucket,
  pareto: Pareto,
  matrix: Matrix,
  loyalty: Loyalty,
  cohorts: Cohorts,
  validation: ValidationTab,
};
const OF_ALL_RUNS: Record<string, ComponentType> = {
  exposure: lazy(async () => ({ default: (await import("./ExposureTab")).ExposureTab })),
  runs: lazy(async () => ({ default: (await import("./Runs")).Runs })),
  comparison: lazy(async () => ({ default: (await import("./CompareRuns")).CompareRuns })),
  settings: lazy(async () => ({ default: (await import("./SettingsTab")).SettingsTab })),
};
const TABS = [...Object.keys(OF_A_RUN), ...Object.keys(OF_ALL_RUNS)];

export function ValueRoom() {
  const { t } = useTranslation();
  const { tab = "" } = useParams();
  const navigate = useNavigate();
  const [search] = useUrlState();
  if (!TABS.includes(tab)) return <Navigate to="/value/overview" replace />;
  const run = search.get("run");
  const General = OF_ALL_RUNS[tab];
  const Part = OF_A_RUN[tab];
  return (
    <>
      <PageHead
        figures
        title={t("value.title", { tab: t(`value.tab.${tab}`) })}
        actions={
          <>
            {Part ? <RunChoice /> : null}
            <StartButton />
          </>
        }
      />
      <Tabs
        activeKey={tab}
        onChange={(next) => navigate(`/value/${next}${run ? `?run=${run}` : ""}`)}
        items={TABS.map((key) => ({ key, label: t(`value.tab.${key}`) }))}
      />
      {General ? (
        <Suspense fallback={<Waiting />}>
          <General />
        </Suspense>
      ) : Part ? (
        <OfRun runId={run ?? "latest"} tab={tab} part={Part} />
      ) : null}
    </>
  );
}

function StartButton() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  if (!useMay("value.run")) return null;
  return (
    <Button
      type="primary"
      icon={<PlayCircleOutlined aria-hidden />}
      onClick={() => navigate("/value/runs?start=1")}
    >
      {t("value.run.start")}
    </Button>
  );
}

function RunChoice() {
  const { t } = useTranslation();
  const format = useFormat();
  const [search, change] = useUrlState();
  const chosen = search.get("run");
  const runs = usePublishedRuns(chosen ? [chosen] : []);
  if (runs.length === 0) return null;
  return (
    <Select
      aria-label={t("value.run.choice")}
      value={chosen ?? runs[0]?.id}
      popupMatchSelectWidth={false}
      onChange={(id) => change({ run: id === runs[0]?.id ? null : id })}
      options={runs.map((run) => ({
        value: run.id,
        label: t("value.run.as_of_at", {
          day: format.day(run.as_of),
          at: format.time(run.finished_at),
        }),
      }))}
    />
  );
}

function OfRun(props: { runId: string; tab: string; part: ComponentType<ReportTab> }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const report = useReport(props.runId);
  const newestRun = usePublishedRuns()[0]?.id;
  const newest = props.runId === "latest" || props.runId === newestRun;
  const Part = props.part;
  const code = problemCode(report.error);
  if (code === "no_run" || code === "not_found") {
    return (
      <Teach
        title={t("value.none.title")}
        hint={t("value.none.hint")}
        action={
          <Button type="primary" onClick={() => navigate("/start")}>
            {t("value.none.action")}
          </Button>
        }
      />
    );
  }
  return (
    <Answer query={report} rows={10}>
      {(found) => (
        <>
          {newest || !newestRun ? null : (
            <Alert
              type="info"
              showIcon
              className="older-run"
              title={t("value.run.older")}
              action={<Link to={`/value/${props.tab}`}>{t("value.run.to_newest")}</Link>}
            />
          )}
          <Part report={found} runId={props.runId} newest={newest} />
        </>
      )}
    </Answer>
  );
}
