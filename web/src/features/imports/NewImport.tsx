// First step of an import: what the file holds, and the file.
import { InboxOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Card, Progress, Segmented, Typography, Upload } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { createImport } from "../../api/endpoints";
import { keys } from "../../api/queries";
import type { ImportKind } from "../../api/types";
import { ProblemAlert } from "../../components/Answer";
import { PageHead } from "../../components/PageHead";
import { useUrlState } from "../../components/urlState";
import { useFormat } from "../../i18n/format";
import { ImportSteps } from "./ImportSteps";

type Sending = { name: string; share: number };

export function NewImport() {
  const { t } = useTranslation();
  const format = useFormat();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [search, change] = useUrlState();
  const kind: ImportKind = search.get("kind") === "customers" ? "customers" : "transactions";
  const [sending, setSending] = useState<Sending | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController>(null);
  useEffect(() => () => stop.current?.abort(), []);

  const send = async (file: File) => {
    stop.current?.abort();
    const control = new AbortController();
    stop.current = control;
    setError(null);
    setSending({ name: file.name, share: 0 });
    try {
      const made = await createImport(
        kind,
        file,
        (share) => setSending({ name: file.name, share }),
        control.signal,
      );
      client.setQueryData(keys.import(made.id), made);
      navigate(`/imports/${made.id}`);
    } catch (failure) {
      setSending(null);
      if (!control.signal.aborted) setError(failure);
    }
  };

  return (
    <div className="narrow">
      <PageHead title={t("imports.new.title")} lead={t("imports.new.lead")} />
      <div className="stack">
        <ImportSteps current={0} />
        <Card>
          <div className="stack">
            <div>
              <Typography.Title level={2} className="section-title">
                {t("imports.new.kind")}
              </Typography.Title>
              <Segmented
                aria-label={t("imports.new.kind")}
                value={kind}
                disabled={sending !== null}
                onChange={(next) => change({ kind: next }, { replace: true })}
                options={[
                  { value: "transactions", label: t("imports.kind.transactions") },
                  { value: "customers", label: t("imports.kind.customers") },
                ]}
              />
              <Typography.Paragraph type="secondary" style={{ margin: "8px 0 0" }}>
                {t(`imports.kind_hint.${kind}`)}
              </Typography.Paragraph>
            </div>
            <ProblemAlert error={error} />
            {sending ? (
              <div role="status">
                <div className="job-line">
                  <span>{t("imports.new.sending", { name: sending.name })}</span>
                  <Button size="small" onClick={() => stop.current?.abort()}>
                    {t("app.job.cancel")}
                  </Button>
                </div>
                <Progress
                  percent={Math.floor(sending.share * 100)}
                  aria-label={t("imports.new.sending", { name: sending.name })}
                  format={() => format.percent(sending.share, 0)}
                />
              </div>
            ) : (
              <Upload.Dragger
                accept=".csv,.txt,.tsv,.xlsx,.parquet"
                showUploadList={false}
                maxCount={1}
                beforeUpload={(file) => {
                  void send(file);
                  return false;
                }}
              >
                <p className="ant-upload-drag-icon">
                  <InboxOutlined aria-hidden />
                </p>
                <p className="ant-upload-text">{t("imports.new.drop")}</p>
                <p className="ant-upload-hint">{t("imports.new.formats")}</p>
              </Upload.Dragger>
            )}
          </div>
        </Card>
      </div>
    </div>
  );
}
