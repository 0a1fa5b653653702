// Panels of a customer's page that other systems fill.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Panel, removePanel, settingsKeys, usePanels } from "../../../api/settings";
import { Answer } from "../../../components/Answer";
import { Mark } from "../../../components/Marks";
import { errorText } from "../../../components/problem";
import { Section } from "../../../components/Section";
import { Teach } from "../../../components/Teach";
import { WideTable } from "../../../components/WideTable";
import { useFormat } from "../../../i18n/format";
import { PanelDialog } from "./PanelDialog";

const ON = "#009e73";
const OFF = "#8c8c8c";
const EXAMPLE = "https://billing.example.com/accounts/{identity:phone}";

export function PanelsTab() {
  const { t } = useTranslation();
  const list = usePanels();
  const [editing, setEditing] = useState<Panel | "new" | null>(null);
  const add = (
    <Button type="primary" onClick={() => setEditing("new")}>
      {t("settings.panels.add")}
    </Button>
  );
  return (
    <>
      <Answer query={list}>
        {(panels) =>
          panels.length === 0 ? (
            <Teach
              title={t("settings.panels.none.title")}
              hint={
                <>
                  {t("settings.panels.none.hint")}
                  <br />
                  <code>{EXAMPLE}</code>
                  <br />
                  {t("settings.panels.none.example")}
                </>
              }
              action={add}
            />
          ) : (
            <Section title={t("settings.panels.title")} action={add}>
              <p className="definition settings-hint">{t("settings.panels.order_hint")}</p>
              <Panels panels={panels} onEdit={setEditing} />
            </Section>
          )
        }
      </Answer>
      {editing ? (
        <PanelDialog
          panel={editing === "new" ? null : editing}
          position={Math.max(0, ...(list.data ?? []).map((one) => one.settings.position + 1))}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </>
  );
}

function Panels(props: { panels: Panel[]; onEdit: (panel: Panel) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const named = ({ settings }: Panel) =>
    format.language === "zh-CN" ? [settings.zh, settings.en] : [settings.en, settings.zh];
  return (
    <WideTable<Panel>
      size="small"
      rowKey="id"
      dataSource={props.panels}
      pagination={false}
      columns={[
        {
          title: t("settings.panels.position"),
          align: "right",
          render: (_, row) => format.count(row.settings.position),
        },
        {
          title: t("settings.panels.name"),
          className: "wrapping",
          render: (_, row) => (
            <>
              {named(row)[0]}
              <div className="figure-note">{named(row)[1]}</div>
            </>
          ),
        },
        {
          title: t("settings.panels.url"),
          className: "wrapping",
          render: (_, row) => <code>{row.settings.url}</code>,
        },
        {
          title: t("settings.panels.cache"),
          render: (_, row) =>
            t("settings.panels.seconds", { number: format.count(row.settings.cache_s) }),
        },
        {
          title: t("settings.panels.deadline"),
          render: (_, row) =>
            t("settings.panels.milliseconds", { number: format.count(row.settings.deadline_ms) }),
        },
        {
          title: t("settings.panels.state"),
          render: (_, { settings }) => (
            <>
              <Mark
                colour={settings.active ? ON : OFF}
                text={t(settings.active ? "settings.panels.on" : "settings.panels.off")}
              />
              {settings.personal ? (
                <div className="figure-note">{t("settings.panels.personal_only")}</div>
              ) : null}
            </>
          ),
        },
        {
          key: "acts",
          render: (_, row) => (
            <span className="row" style={{ flexWrap: "nowrap", gap: 0 }}>
              <Button
                type="link"
                size="small"
                aria-label={t("record.change_of", { what: named(row)[0] })}
                onClick={() => props.onEdit(row)}
              >
                {t("record.change")}
              </Button>
              <Remove panel={row} name={named(row)[0] ?? ""} />
            </span>
          ),
        },
      ]}
    />
  );
}

function Remove(props: { panel: Panel; name: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const remove = useMutation({
    mutationFn: () => removePanel(props.panel.id, props.panel.version),
    onError: (error) => message.error(errorText(error, t)),
    onSettled: () => client.invalidateQueries({ queryKey: settingsKeys.panels }),
  });
  return (
    <Popconfirm
      title={t("settings.panels.remove_title", { panel: props.name })}
      description={t("settings.panels.remove_hint")}
      okText={t("record.remove")}
      onConfirm={() => remove.mutate()}
    >
      <Button type="link" size="small" danger loading={remove.isPending}>
        {t("record.remove")}
      </Button>
    </Popconfirm>
  );
}
