// Third step: what the import would do. Nothing has been changed yet.
import { Alert, Button, Card, Typography } from "antd";
import { useTranslation } from "react-i18next";
import type { Import, ImportReport } from "../../api/types";
import { useFormat } from "../../i18n/format";
import { ReportView } from "./ReportView";

export function CheckReport(props: {
  one: Import;
  report: ImportReport;
  starting: boolean;
  onStart: () => void;
  onBack: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { report } = props;
  const accepted = report.rows - report.rejected;
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
        {accepted <= 0 ? <Alert type="error" showIcon title={t("imports.check.nothing")} /> : null}
        <div className="row">
          <Button
            type="primary"
            disabled={accepted <= 0}
            loading={props.starting}
            onClick={props.onStart}
          >
            {t("imports.check.start", { rows: format.count(accepted) })}
          </Button>
          <Button onClick={props.onBack}>{t("imports.check.back")}</Button>
        </div>
      </div>
    </Card>
  );
}
