// The keys with which programs call in somebody's name, and the way to end one.
import { useMutation } from "@tanstack/react-query";
import { App, Button, Popconfirm } from "antd";
import { useTranslation } from "react-i18next";
import type { ApiKey } from "../api/access";
import { useFormat } from "../i18n/format";
import { permissionText } from "./permissions";
import { errorText } from "./problem";
import { WideTable } from "./WideTable";

export function ApiKeys(props: {
  items: ApiKey[];
  /** Left out where one may not end them. */
  onRevoke?: (id: string) => Promise<unknown>;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { onRevoke } = props;
  return (
    <WideTable<ApiKey>
      size="small"
      rowKey="id"
      dataSource={props.items}
      pagination={false}
      locale={{ emptyText: t("access.keys.none") }}
      columns={[
        { title: t("access.keys.name"), className: "wrapping", dataIndex: "name" },
        {
          title: t("access.keys.permissions"),
          className: "wrapping",
          render: (_, row) => format.list(row.permissions.map((one) => permissionText(one, t))),
        },
        {
          title: t("access.keys.per_minute"),
          align: "right",
          render: (_, row) => format.count(row.per_minute),
        },
        {
          title: t("access.keys.last_used"),
          render: (_, row) =>
            row.last_used_at ? format.time(row.last_used_at) : t("access.keys.never"),
        },
        { title: t("access.keys.expires"), render: (_, row) => format.time(row.expires_at) },
        {
          key: "acts",
          render: (_, row) => (onRevoke ? <Revoke of={row} onRevoke={onRevoke} /> : null),
        },
      ]}
    />
  );
}

function Revoke(props: { of: ApiKey; onRevoke: (id: string) => Promise<unknown> }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { id, name } = props.of;
  const revoke = useMutation({
    mutationFn: () => props.onRevoke(id),
    onError: (error) => message.error(errorText(error, t)),
  });
  return (
    <Popconfirm
      title={t("access.keys.revoke_title", { name })}
      description={t("access.keys.revoke_hint")}
      okText={t("access.keys.revoke")}
      onConfirm={() => revoke.mutate()}
    >
      <Button
        type="link"
        size="small"
        danger
        loading={revoke.isPending}
        aria-label={t("access.keys.revoke_of", { name })}
      >
        {t("access.keys.revoke")}
      </Button>
    </Popconfirm>
  );
}
