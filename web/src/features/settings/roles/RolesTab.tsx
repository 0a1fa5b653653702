// Roles: what each of them grants, and of which customers.
import { Button, Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type RoleRecord, useRoles } from "../../../api/access";
import { Answer } from "../../../components/Answer";
import { grouped, permissionText } from "../../../components/permissions";
import { BUILT_IN, roleName } from "../../../components/roles";
import { Section } from "../../../components/Section";
import { WideTable } from "../../../components/WideTable";
import { useFormat } from "../../../i18n/format";
import { useMayDecide } from "../useMayDecide";
import { RoleDialog } from "./RoleDialog";

export function RolesTab() {
  const { t } = useTranslation();
  const format = useFormat();
  const roles = useRoles();
  const mayDecide = useMayDecide();
  const [editing, setEditing] = useState<RoleRecord | "new" | null>(null);
  return (
    <Answer query={roles}>
      {(now) => (
        <Section
          title={t("access.roles.title")}
          action={
            mayDecide() ? (
              <Button type="primary" onClick={() => setEditing("new")}>
                {t("access.roles.add")}
              </Button>
            ) : null
          }
        >
          <p className="definition settings-hint">{t("access.roles.hint")}</p>
          <WideTable<RoleRecord>
            size="small"
            rowKey="role"
            dataSource={now.items}
            pagination={false}
            columns={[
              {
                title: t("access.roles.name"),
                render: (_, row) => (
                  <span className="row">
                    {roleName(row, t)}
                    {BUILT_IN.includes(row.role) ? <Tag>{t("access.roles.built_in")}</Tag> : null}
                  </span>
                ),
              },
              {
                title: t("access.roles.scope"),
                className: "wrapping wrapping-narrow",
                render: (_, row) => t(`access.scope.${row.scope}`),
              },
              {
                title: t("access.roles.permissions"),
                className: "wrapping wrapping-wide",
                render: (_, row) =>
                  row.permissions.length === now.permissions.length ? (
                    t("access.roles.everything")
                  ) : row.permissions.length === 0 ? (
                    t("access.roles.nothing")
                  ) : (
                    <ul className="plain">
                      {grouped(row.permissions).map(([group, permissions]) => (
                        <li key={group}>
                          {format.list(permissions.map((one) => permissionText(one, t)))}
                        </li>
                      ))}
                    </ul>
                  ),
              },
              {
                key: "acts",
                render: (_, row) =>
                  // What an administrator may do is nobody's to decide.
                  mayDecide(row) && row.role !== "administrator" ? (
                    <Button
                      type="link"
                      size="small"
                      aria-label={t("record.change_of", { what: roleName(row, t) })}
                      onClick={() => setEditing(row)}
                    >
                      {t("record.change")}
                    </Button>
                  ) : null,
              },
            ]}
          />
          {editing ? (
            <RoleDialog
              role={editing === "new" ? null : editing}
              all={now.permissions}
              onClose={() => setEditing(null)}
            />
          ) : null}
        </Section>
      )}
    </Answer>
  );
}
