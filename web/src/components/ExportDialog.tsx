// Writes a list into a file: which format, how far it is, and the file. It goes on when the dialog is closed.
import { DownloadOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Modal, Radio } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import {
  type Export,
  type ExportFormat,
  type ExportKind,
  exportFileUrl,
  exportKey,
  FORMATS,
  startExport,
  useExport,
  useToldOfJobs,
} from "../api/exports";
import { keys, useJob, useMay, useSetup } from "../api/queries";
import { useFormat } from "../i18n/format";
import { Answer, ProblemAlert } from "./Answer";
import { filterWords } from "./exportWords";
import { JobProgress, jobErrorText } from "./JobProgress";
import { StateMark } from "./Marks";

export default function ExportDialog(props: {
  kind: ExportKind;
  filter: Record<string, string>;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const currency = useSetup().data?.currency ?? "";
  const { kind, filter } = props;
  const [open, setOpen] = useState(true);
  const [chosen, setChosen] = useState<ExportFormat>("xlsx");
  const [id, setId] = useState<string | null>(null);
  const start = useMutation({
    mutationFn: () => startExport(kind, chosen, filter),
    onSuccess: (begun) => {
      client.setQueryData(exportKey(begun.id), begun);
      // A small list may be written before this answer has come.
      void client.invalidateQueries({ queryKey: keys.exports });
      void client.invalidateQueries({ queryKey: keys.jobs });
      setId(begun.id);
    },
  });
  const said = filterWords(filter, { t, format, currency });
  return (
    <Modal
      open={open}
      title={t(`exports.title_of.${kind}`)}
      onCancel={() => setOpen(false)}
      afterClose={props.onClose}
      footer={
        id ? (
          <Button onClick={() => setOpen(false)}>{t("exports.close")}</Button>
        ) : (
          <>
            <Button onClick={() => setOpen(false)}>{t("exports.not_now")}</Button>
            <Button type="primary" loading={start.isPending} onClick={() => start.mutate()}>
              {t("exports.start")}
            </Button>
          </>
        )
      }
    >
      {id ? (
        <Written id={id} />
      ) : (
        <Form layout="vertical" onFinish={() => start.mutate()}>
          <p>
            {said.length > 0
              ? t("exports.of_filter", { filter: said.join(" · ") })
              : t("exports.of_all")}
          </p>
          <p className="definition settings-hint">{t(`exports.columns_of.${kind}`)}</p>
          <Form.Item label={t("exports.format")}>
            <Radio.Group
              className="choices"
              aria-label={t("exports.format")}
              value={chosen}
              onChange={({ target }) => setChosen(target.value)}
              options={FORMATS.map((one) => ({ value: one, label: t(`exports.formats.${one}`) }))}
            />
          </Form.Item>
          <ProblemAlert error={start.error} />
          {start.error ? <Link to="/exports">{t("exports.see_all")}</Link> : null}
        </Form>
      )}
    </Modal>
  );
}

function Written(props: { id: string }) {
  const one = useExport(props.id);
  return <Answer query={one}>{(now) => <Now of={now} />}</Answer>;
}

function Now(props: { of: Export }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of } = props;
  const maySee = useMay("jobs.read");
  const told = useToldOfJobs();
  // Who is told of nothing asks only once it is over, and then why.
  const job = useJob(maySee && (told || of.state === "failed") ? of.job_id : null).data;
  switch (of.state) {
    case "succeeded":
      return (
        <div className="stack">
          <Alert
            type="success"
            showIcon
            role="status"
            title={t("exports.ready", {
              rows: format.count(of.rows),
              size: format.bytes(of.bytes ?? 0),
            })}
            description={t("exports.kept_until", { time: format.time(of.expires_at) })}
          />
          <div className="row">
            <Button
              type="primary"
              icon={<DownloadOutlined aria-hidden />}
              href={exportFileUrl(of.id)}
              download
            >
              {t("exports.download")}
            </Button>
            <Link to="/exports">{t("exports.see_all")}</Link>
          </div>
        </div>
      );
    case "failed":
      return (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={t("exports.failed")}
          description={job ? jobErrorText(job, t) : undefined}
        />
      );
    case "cancelled":
      return <Alert type="info" showIcon role="status" title={t("exports.cancelled")} />;
    default:
      return (
        <div className="stack">
          {job ? <JobProgress job={job} /> : <StateMark of={of.state} />}
          <p className="definition">
            {t("exports.goes_on")} <Link to="/exports">{t("exports.see_all")}</Link>
          </p>
        </div>
      );
  }
}
