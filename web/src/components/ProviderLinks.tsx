// With which identity providers somebody signs in.
import { Button, Popconfirm } from "antd";
import { useTranslation } from "react-i18next";
import type { ProviderLink } from "../api/signOn";
import { useFormat } from "../i18n/format";
import { useNameOf } from "./useNameOf";
import { WideTable } from "./WideTable";

export function ProviderLinks(props: {
  items: ProviderLink[];
  /** Only for who may undo it. */
  onUnlink?: (provider: string) => Promise<void>;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const nameOf = useNameOf();
  const { onUnlink } = props;
  return (
    <WideTable<ProviderLink>
      size="small"
      rowKey="provider_id"
      dataSource={props.items}
      pagination={false}
      columns={[
        { title: t("access.links.provider"), render: (_, row) => nameOf(row) },
        { title: t("access.links.since"), render: (_, row) => format.time(row.linked_at) },
        { title: t("access.links.used"), render: (_, row) => format.time(row.last_used_at) },
        {
          key: "acts",
          render: (_, row) =>
            onUnlink ? (
              <Popconfirm
                title={t("access.links.unlink_title", { name: nameOf(row) })}
                description={t("access.links.unlink_hint")}
                okText={t("access.links.unlink")}
                onConfirm={() => onUnlink(row.provider_id)}
              >
                <Button type="link" size="small">
                  {t("access.links.unlink")}
                </Button>
              </Popconfirm>
            ) : null,
        },
      ]}
    />
  );
}
