// Second step: the first value run.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { startRun } from "../../api/endpoints";
import { takeJob, useMay } from "../../api/queries";
import type { Job, Setup } from "../../api/types";
import { ProblemAlert } from "../../components/Answer";
import { JobProgress } from "../../components/JobProgress";
import { useFormat } from "../../i18n/format";

export function FirstRun(props: { setup: Setup; job: Job | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const mayRun = useMay("value.run");
  const run = useMutation({
    mutationFn: () => startRun({}),
    onSuccess: (started) => takeJob(client, started.job),
  });
  const { setup } = props;
  return (
    <Card>
      <div className="stack">
        <div>
          <Typography.Title level={2} className="section-title">
            {t("start.run.title", {
              customers: format.count(setup.customers),
              transactions: format.count(setup.transactions ?? 0),
            })}
          </Typography.Title>
          <Typography.Paragraph type="secondary">{t("start.run.hint")}</Typography.Paragraph>
        </div>
        {props.job ? (
          <JobProgress job={props.job} />
        ) : mayRun ? (
          <>
            <ProblemAlert error={run.error} />
            <div className="row">
              <Button type="primary" loading={run.isPending} onClick={() => run.mutate()}>
                {t("start.run.action")}
              </Button>
              <Link to="/imports/new">{t("start.run.more_data")}</Link>
            </div>
          </>
        ) : (
          <Alert type="info" showIcon title={t("start.run.not_permitted")} />
        )}
      </div>
    </Card>
  );
}
