// The import is in; what comes next.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { startRun } from "../../api/endpoints";
import { takeJob, useMay } from "../../api/queries";
import type { Import, ImportReport } from "../../api/types";
import { ProblemAlert } from "../../components/Answer";
import { useFormat } from "../../i18n/format";
import { ReportView } from "./ReportView";

export function Done(props: { one: Import; report: ImportReport }) {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const client = useQueryClient();
  const mayRun = useMay("value.run");
  const run = useMutation({
    mutationFn: () => startRun({}),
    onSuccess: (started) => {
      takeJob(client, started.job);
      navigate("/value/runs");
    },
  });
  const { report } = props;
  return (
    <Card>
      <div className="stack">
        <Alert
          type="success"
          showIcon
          title={t("imports.done.title", {
            rows: format.count(report.created + report.updated + report.unchanged),
          })}
          description={t("imports.done.hint")}
        />
        <ReportView one={props.one} report={report} />
        <ProblemAlert error={run.error} />
        <div className="row">
          {mayRun ? (
            <Button type="primary" loading={run.isPending} onClick={() => run.mutate()}>
              {t("imports.done.run")}
            </Button>
          ) : null}
          <Link to="/imports/new">
            <Button>{t("imports.done.another")}</Button>
          </Link>
          <Link to="/customers">{t("imports.done.customers")}</Link>
        </div>
      </div>
    </Card>
  );
}
