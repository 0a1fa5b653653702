// Files on a customer's record: dropped or chosen, saved by who may see personal data, taken off for good.
import { DeleteOutlined, PaperClipOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Button, Popconfirm, Progress, Typography, Upload } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  ATTACHMENT_ENDINGS,
  type Attachment,
  attach,
  attachmentUrl,
  removeAttachment,
  useAttachments,
} from "../../../api/personal";
import { useMay } from "../../../api/queries";
import { useSchema } from "../../../api/settings";
import { Answer, ProblemAlert } from "../../../components/Answer";
import { More } from "../../../components/EventList";
import { errorText } from "../../../components/problem";
import { Section } from "../../../components/Section";
import { useFormat } from "../../../i18n/format";
import { useSaved } from "./useSaved";

export function AttachmentsSection(props: { customerId: string }) {
  const { t } = useTranslation();
  const attachments = useAttachments(props.customerId);
  const mayWrite = useMay("customers.write");
  return (
    <Section title={t("record.attachments.title")}>
      <Answer query={attachments} rows={2}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items);
          return items.length === 0 ? (
            <Typography.Text type="secondary">{t("record.attachments.none")}</Typography.Text>
          ) : (
            <ul className="notes">
              {items.map((one) => (
                <OneAttachment
                  key={one.id}
                  customerId={props.customerId}
                  of={one}
                  mayWrite={mayWrite}
                />
              ))}
            </ul>
          );
        }}
      </Answer>
      <More of={attachments} />
      {mayWrite ? <Add customerId={props.customerId} /> : null}
    </Section>
  );
}

function OneAttachment(props: { customerId: string; of: Attachment; mayWrite: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of, customerId } = props;
  const { message } = App.useApp();
  const saved = useSaved(customerId);
  const mayRead = useMay("customers.personal");
  const remove = useMutation({
    mutationFn: () => removeAttachment(customerId, of.id),
    onSuccess: () => saved(true),
    onError: (error: unknown) => {
      message.error(errorText(error, t));
      saved(true);
    },
  });
  return (
    <li>
      <div>
        <PaperClipOutlined aria-hidden />{" "}
        {mayRead ? (
          <a
            href={attachmentUrl(customerId, of.id)}
            download
            aria-label={t("record.attachments.download", { name: of.name })}
          >
            {of.name}
          </a>
        ) : (
          of.name
        )}
      </div>
      <div className="row">
        <Typography.Text type="secondary" className="figure-note">
          {[
            format.bytes(of.bytes),
            format.time(of.added_at),
            of.added_by === null
              ? t("events.by_system")
              : (of.added_by_name ?? t("events.by_gone")),
          ].join(" · ")}
        </Typography.Text>
        {props.mayWrite ? (
          <span className="row-end">
            <Popconfirm
              title={t("record.attachments.remove_title")}
              description={t("record.attachments.remove_hint")}
              okText={t("record.remove")}
              onConfirm={() => remove.mutate()}
            >
              <Button
                type="text"
                size="small"
                loading={remove.isPending}
                icon={<DeleteOutlined aria-hidden />}
                aria-label={t("record.attachments.remove", { name: of.name })}
              />
            </Popconfirm>
          </span>
        ) : null}
      </div>
    </li>
  );
}

type Sending = { name: string; share: number };

function Add(props: { customerId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const saved = useSaved(props.customerId);
  const taken = useSchema().data?.attachments;
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
      const told = (share: number) => setSending({ name: file.name, share });
      await attach(props.customerId, file, crypto.randomUUID(), told, control.signal);
      saved();
    } catch (failure) {
      if (!control.signal.aborted) setError(failure);
    } finally {
      if (stop.current === control) setSending(null);
    }
  };

  return (
    <div className="stack" style={{ marginTop: 12 }}>
      <ProblemAlert error={error} />
      {sending ? (
        <div role="status">
          <div className="job-line">
            <span>{t("record.attachments.sending", { name: sending.name })}</span>
            <Button size="small" onClick={() => stop.current?.abort()}>
              {t("app.job.cancel")}
            </Button>
          </div>
          <Progress
            percent={Math.floor(sending.share * 100)}
            aria-label={t("record.attachments.sending", { name: sending.name })}
            format={() => format.percent(sending.share, 0)}
          />
        </div>
      ) : (
        <Upload.Dragger
          accept={taken?.types.map((type) => ATTACHMENT_ENDINGS[type]).join(",")}
          showUploadList={false}
          maxCount={1}
          beforeUpload={(file) => {
            void send(file);
            return false;
          }}
        >
          <p className="ant-upload-text">{t("record.attachments.drop")}</p>
          {taken ? (
            <p className="ant-upload-hint">
              {t("record.attachments.formats", {
                types: format.list(taken.types.map((type) => t(`record.attachments.type.${type}`))),
                size: format.bytes(taken.bytes_max),
              })}
            </p>
          ) : null}
        </Upload.Dragger>
      )}
    </div>
  );
}
