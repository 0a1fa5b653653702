// Third step: what the import would do. Nothing has been changed yet.
import { Alert, Button, Card, InputNumber, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Import, ImportReport } from "../../api/types";
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
  const [limit, setLimit] = useState(USUAL_REJECT_LIMIT_PERCENT);
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
