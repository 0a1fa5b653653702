// Third step: what the import would do. Nothing has been changed yet.
import { Alert, Button, Card, Descriptions, InputNumber, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Import, ImportPlan, ImportReport } from "../../api/types";
import { useFormat } from "../../i18n/format";
import { USUAL_REJECT_LIMIT_PERCENT } from "./plan";
import { ReportView } from "./ReportView";

/** Share of rows that were rejected, in percent. */
export function rejectedPercent(report: Pick<ImportReport, "rows" | "rejected">): number {
  return report.rows > 0 ? (100 * report.rejected) / report.rows : 0;
}

export function CheckReport(props: {
  one: Import;
  report: ImportReport;
  starting: boolean;
  onStart: (rejectLimitPercent: number) => void;
  onBack: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { report } = props;
  const [limit, setLimit] = useState(
    props.one.options?.reject_limit_percent ?? USUAL_REJECT_LIMIT_PERCENT,
  );
  const accepted = report.rows - report.rejected;
  const percent = rejectedPercent(report);
  const tooMany = percent > limit;
  return (
    <Card>
      <div className="stack">
        <div>
          <Typography.Title level={2} className="section-title">
            {t("imports.check.title")}
          </Typography.Title>
          <Typography.Text type="secondary">{t("imports.check.hint")}</Typography.Text>
        </div>
        {props.one.options ? <ReadAs one={props.one} plan={props.one.options} /> : null}
        <ReportView one={props.one} report={report} />
        {accepted <= 0 ? (
          <Alert type="error" showIcon title={t("imports.check.nothing")} />
        ) : percent > USUAL_REJECT_LIMIT_PERCENT ? (
          <Alert
            type={tooMany ? "warning" : "info"}
            showIcon
            title={t("imports.check.too_many", {
              share: format.percent(percent / 100, 1),
              limit: format.percent(limit / 100, 1),
            })}
            description={
              <div className="row">
                {t("imports.check.limit")}
                <InputNumber
                  aria-label={t("imports.check.limit")}
                  min={0}
                  max={100}
                  value={limit}
                  suffix="%"
                  onChange={(next) => setLimit(next ?? USUAL_REJECT_LIMIT_PERCENT)}
                />
              </div>
            }
          />
        ) : null}
        <div className="row">
          <Button
            type="primary"
            disabled={accepted <= 0 || tooMany}
            loading={props.starting}
            onClick={() => props.onStart(limit)}
          >
            {t("imports.check.start", { rows: format.count(accepted) })}
          </Button>
          <Button onClick={props.onBack}>{t("imports.check.back")}</Button>
        </div>
      </div>
    </Card>
  );
}

/** What was checked, and is what will be imported, whoever presses the button. */
function ReadAs(props: { one: Import; plan: ImportPlan }) {
  const { one, plan } = props;
  const { t } = useTranslation();
  const fields = one.fields
    .filter((field) => plan.mapping[field.name])
    .map((field) => ({
      key: `field:${field.name}`,
      label: t(`imports.field.${one.kind}.${field.name}`, { defaultValue: field.name }),
      children: plan.mapping[field.name],
    }));
  const settings = (["source", "currency", "zone"] as const)
    .filter((name) => plan[name])
    .map((name) => ({ key: name, label: t(`imports.mapping.${name}`), children: plan[name] }));
  return (
    <Descriptions
      size="small"
      column={{ xs: 1, sm: 2, lg: 3 }}
      title={t("imports.check.read_as")}
      items={[...fields, ...settings]}
    />
  );
}
