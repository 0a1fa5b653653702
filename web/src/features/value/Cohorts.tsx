// Who is still there, by the month in which they came.
import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import type { Report } from "../../api/types";
import { ChartCard } from "../../components/ChartCard";
import { heatStyle } from "../../components/heat";
import { useFormat } from "../../i18n/format";
import { cohortFinding } from "./findings";
import type { ReportTab } from "./ValueRoom";

const MOST_MONTHS = 24;
const MOST_COHORTS = 36;

export function Cohorts({ report }: ReportTab) {
  const { t } = useTranslation();
  const format = useFormat();
  if (report.cohorts.length === 0) {
    return <Alert type="info" showIcon title={t("value.cohorts.none")} />;
  }
  const months = Math.min(
    MOST_MONTHS,
    Math.max(...report.cohorts.map((cohort) => cohort.active.length)),
  );
  const steps = [...Array(months).keys()];
  return (
    <ChartCard
      finding={cohortFinding(report, { t, format }) ?? t("value.cohorts.none")}
      how={t("value.cohorts.how")}
      name={`cohorts-${report.as_of}`}
      drawing={<Heat report={report} steps={steps} />}
      table={{
        columns: [
          { title: t("value.cohorts.month"), text: (month) => format.month(String(month)) },
          { title: t("value.cohorts.customers"), numeric: true },
          ...steps.map((step) => ({ title: `+${step}`, numeric: true })),
        ],
        rows: report.cohorts.map((cohort) => [
          cohort.month,
          cohort.customers,
          ...steps.map((step) => cohort.active[step] ?? null),
        ]),
      }}
    />
  );
}

function Heat(props: { report: Report; steps: number[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cohorts = props.report.cohorts.slice(-MOST_COHORTS);
  return (
    // The scrolled part must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region
    <section className="heat" tabIndex={0} aria-label={t("value.cohorts.how")}>
      <table>
        <thead>
          <tr>
            <th scope="col" style={{ textAlign: "left" }}>
              {t("value.cohorts.month")}
            </th>
            <th scope="col">{t("value.cohorts.customers")}</th>
            {props.steps.map((step) => (
              <th key={step} scope="col">{`+${step}`}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cohorts.map((cohort) => (
            <tr key={cohort.month}>
              <th scope="row">{format.month(cohort.month)}</th>
              <td>{format.count(cohort.customers)}</td>
              {props.steps.map((step) => {
                const active = cohort.active[step];
                if (active === undefined) return <td key={step} />;
                const share = cohort.customers > 0 ? active / cohort.customers : 0;
                return (
                  <td key={step} style={heatStyle(share)}>
                    {format.percent(share, 0)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
