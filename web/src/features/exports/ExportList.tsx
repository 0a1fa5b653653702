// One's own exports: what was in them, where they stand, and the files that are still there.
import { DownloadOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { cancelJob } from "../../api/endpoints";
import { type Export, exportFileUrl, useExports, useToldOfJobs } from "../../api/exports";
import { keys, takeJob, useJob, useMay, useSetup } from "../../api/queries";
import { Answer } from "../../components/Answer";
import { More } from "../../components/EventList";
import { filterWords } from "../../components/exportWords";
import { jobErrorText } from "../../components/JobProgress";
import { StateMark } from "../../components/Marks";
import { PageHead } from "../../components/PageHead";
import { errorText } from "../../components/problem";
import { Teach } from "../../components/Teach";
import { WideTable } from "../../components/WideTable";
import { ABSENT, useFormat } from "../../i18n/format";

export function ExportList() {
  const { t } = useTranslation();
  const format = useFormat();
  const list = useExports();
  const currency = useSetup().data?.currency ?? "";
  return (
    <>
      <PageHead title={t("exports.title")} lead={t("exports.lead")} />
      <Answer query={list}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          if (items.length === 0) {
            return (
              <Teach
                title={t("exports.none.title")}
                hint={t("exports.none.hint")}
                action={
                  <Link to="/customers">
                    <Button type="primary">{t("exports.none.action")}</Button>
                  </Link>
                }
              />
            );
          }
          return (
            <>
              <WideTable<Export>
                size="small"
                className="numeric"
                rowKey="id"
                dataSource={items}
                pagination={false}
                columns={[
                  {
                    title: t("exports.column.list"),
                    className: "wrapping",
                    render: (_, row) => (
                      <>
                        {t(`exports.kind.${row.kind}`)}
                        <div className="figure-note">
                          {filterWords(row.filter, { t, format, currency }).join(" · ") ||
                            t("exports.whole")}
                        </div>
                      </>
                    ),
                  },
                  {
                    title: t("exports.column.format"),
                    render: (_, row) => t(`exports.format_name.${row.format}`),
                  },
                  { title: t("exports.column.state"), render: (_, row) => <State of={row} /> },
                  {
                    title: t("exports.column.rows"),
                    align: "right",
                    render: (_, row) => format.count(row.rows),
                  },
                  {
                    title: t("exports.column.size"),
                    align: "right",
                    render: (_, row) => (row.bytes === null ? ABSENT : format.bytes(row.bytes)),
                  },
                  {
                    title: t("exports.column.asked"),
                    render: (_, row) => format.time(row.created_at),
                  },
                  {
                    title: t("exports.column.until"),
                    render: (_, row) =>
                      row.rows === null
                        ? ABSENT
                        : row.removed
                          ? t("exports.removed")
                          : format.time(row.expires_at),
                  },
                  { key: "acts", render: (_, row) => <Acts of={row} /> },
                ]}
              />
              <More of={list} />
            </>
          );
        }}
      </Answer>
    </>
  );
}

function State(props: { of: Export }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of } = props;
  const maySee = useMay("jobs.read");
  const told = useToldOfJobs();
  const isTelling = of.state === "failed" || (told && of.state === "running");
  const job = useJob(maySee && isTelling ? of.job_id : null).data;
  return (
    <>
      <StateMark of={of.state} />
      {of.state === "running" && job && job.done > 0 ? (
        <div className="figure-note">{t("exports.so_far", { rows: format.count(job.done) })}</div>
      ) : null}
      {of.state === "failed" && job ? (
        <div>
          <Typography.Text type="danger">{jobErrorText(job, t)}</Typography.Text>
        </div>
      ) : null}
    </>
  );
}

function Acts(props: { of: Export }) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const { message } = App.useApp();
  const { of } = props;
  const mayCancel = useMay("jobs.cancel");
  const stop = useMutation({
    mutationFn: () => cancelJob(of.job_id),
    onSuccess: (stopped) => {
      if (stopped) takeJob(client, stopped);
      void client.invalidateQueries({ queryKey: keys.exports });
    },
    onError: (error) => message.error(errorText(error, t)),
  });
  const what = `${t(`exports.kind.${of.kind}`)} ${format.time(of.created_at)}`;
  if (of.state === "succeeded" && !of.removed) {
    return (
      <Button
        type="link"
        size="small"
        icon={<DownloadOutlined aria-hidden />}
        href={exportFileUrl(of.id)}
        download
        aria-label={t("exports.download_of", { what })}
      >
        {t("exports.download")}
      </Button>
    );
  }
  if (mayCancel && (of.state === "queued" || of.state === "running")) {
    return (
      <Button
        type="link"
        size="small"
        loading={stop.isPending}
        aria-label={t("exports.cancel_of", { what })}
        onClick={() => stop.mutate()}
      >
        {t("app.job.cancel")}
      </Button>
    );
  }
  return null;
}
