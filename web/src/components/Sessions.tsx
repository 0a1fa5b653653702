// Where somebody is signed in, and the way to end it.
import { useMutation } from "@tanstack/react-query";
import { App, Button, Popconfirm, Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { SessionRecord } from "../api/access";
import { ABSENT, useFormat } from "../i18n/format";
import { errorText } from "./problem";
import { WideTable } from "./WideTable";

export function Sessions(props: {
  items: SessionRecord[];
  /** Left out where one may not end them. */
  onEnd?: (id: string) => Promise<unknown>;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { onEnd } = props;
  return (
    <WideTable<SessionRecord>
      size="small"
      rowKey="id"
      dataSource={props.items}
      pagination={false}
      locale={{ emptyText: t("access.sessions.none") }}
      columns={[
        {
          title: t("access.sessions.opened"),
          render: (_, row) => (
            <span className="row">
              {format.time(row.created_at)}
              {row.is_current ? <Tag>{t("access.sessions.this_one")}</Tag> : null}
            </span>
          ),
        },
        { title: t("access.sessions.address"), render: (_, row) => row.address ?? ABSENT },
        { title: t("access.sessions.until"), render: (_, row) => format.time(row.expires_at) },
        {
          key: "acts",
          render: (_, row) =>
            // One's own is ended by signing out.
            onEnd && !row.is_current ? <End of={row} onEnd={onEnd} /> : null,
        },
      ]}
    />
  );
}

function End(props: { of: SessionRecord; onEnd: (id: string) => Promise<unknown> }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { message } = App.useApp();
  const end = useMutation({
    mutationFn: () => props.onEnd(props.of.id),
    onError: (error) => message.error(errorText(error, t)),
  });
  const opened = format.time(props.of.created_at);
  return (
    <Popconfirm
      title={t("access.sessions.end_title", { time: opened })}
      description={t("access.sessions.end_hint")}
      okText={t("access.sessions.end")}
      onConfirm={() => end.mutate()}
    >
      <Button
        type="link"
        size="small"
        loading={end.isPending}
        aria-label={t("access.sessions.end_of", { time: opened })}
      >
        {t("access.sessions.end")}
      </Button>
    </Popconfirm>
  );
}
