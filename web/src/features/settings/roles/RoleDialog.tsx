// What a role is called, what it grants, and of which customers. Of a built-in one only the last is decided.
import { useQueryClient } from "@tanstack/react-query";
import { Alert, Form, Input, Radio } from "antd";
import { useTranslation } from "react-i18next";
import {
  accessKeys,
  addRole,
  changeRole,
  OF_WHOLE_FIRM,
  type RoleRecord,
  readRoles,
  SCOPES,
  type ScopeKind,
} from "../../../api/access";
import { keys, useSession } from "../../../api/queries";
import type { Permission } from "../../../api/types";
import { EditDialog } from "../../../components/EditDialog";
import { PermissionsInput } from "../../../components/PermissionsInput";
import { permissionText } from "../../../components/permissions";
import { BUILT_IN, roleName } from "../../../components/roles";
import { ABSENT, useFormat } from "../../../i18n/format";

type Typed = { name: string; permissions: Permission[]; scope: ScopeKind };

/** What whoever deals with customers needs at least. */
const USUAL: Permission[] = ["customers.read"];

const known = (of: RoleRecord | null): { values: Typed; version: number } => ({
  values: {
    name: of?.name ?? "",
    permissions: of?.permissions ?? USUAL,
    scope: of?.scope ?? "branch",
  },
  version: of?.version ?? 0,
});

export function RoleDialog(props: {
  role: RoleRecord | null;
  all: Permission[];
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const { role, all } = props;
  const builtIn = role !== null && BUILT_IN.includes(role.role);
  const mine = useSession().data?.permissions ?? [];
  const labels = {
    name: t("access.roles.name"),
    permissions: t("access.roles.permissions"),
    scope: t("access.roles.scope"),
  };
  const list = (permissions: Permission[]) =>
    format.list(permissions.map((one) => permissionText(one, t)));
  return (
    <EditDialog<Typed>
      title={
        role ? t("access.roles.edit_title", { name: roleName(role, t) }) : t("access.roles.add")
      }
      save={t("record.save")}
      known={known(role)}
      labels={labels}
      show={(name, value) =>
        name === "scope"
          ? t(`access.scope.${value as ScopeKind}`)
          : name === "permissions"
            ? list(value as Permission[])
            : String(value || ABSENT)
      }
      reread={
        role
          ? async () => {
              const { items } = await readRoles();
              return known(items.find((one) => one.role === role.role) ?? role);
            }
          : undefined
      }
      onSave={(typed, { version }) => {
        const decided = builtIn ? { scope: typed.scope } : typed;
        return role ? changeRole(role.role, version, decided) : addRole(decided);
      }}
      onSaved={() => {
        void client.invalidateQueries({ queryKey: accessKeys.roles });
        // It may be one's own.
        void client.invalidateQueries({ queryKey: keys.session });
        void client.invalidateQueries({ queryKey: keys.setup });
      }}
      onClose={props.onClose}
      width={680}
    >
      {builtIn ? (
        <Alert
          type="info"
          showIcon
          style={{ marginBottom: 16 }}
          title={t("access.roles.built_in_hint")}
          description={list(role.permissions)}
        />
      ) : (
        <Form.Item
          name="name"
          label={labels.name}
          rules={[{ required: true, whitespace: true, message: t("app.required") }]}
        >
          <Input autoFocus autoComplete="off" maxLength={200} />
        </Form.Item>
      )}
      <Form.Item name="scope" label={labels.scope} extra={t("access.roles.scope_hint")}>
        <Radio.Group
          className="choices"
          options={SCOPES.map((scope) => ({ value: scope, label: t(`access.scope.${scope}`) }))}
        />
      </Form.Item>
      {builtIn ? null : (
        <Form.Item
          name="permissions"
          label={labels.permissions}
          rules={[{ required: true, type: "array", min: 1, message: t("access.roles.choose") }]}
        >
          <PermissionsInput all={all} mine={mine} />
        </Form.Item>
      )}
      <Form.Item noStyle shouldUpdate>
        {({ getFieldValue }) => {
          const granted: Permission[] = builtIn ? role.permissions : getFieldValue("permissions");
          const vain = OF_WHOLE_FIRM.filter((one) => granted?.includes(one));
          return getFieldValue("scope") !== "all" && vain.length > 0 ? (
            <Alert
              type="warning"
              showIcon
              style={{ marginBottom: 16 }}
              title={t("access.roles.in_vain", { permissions: list(vain) })}
            />
          ) : null;
        }}
      </Form.Item>
    </EditDialog>
  );
}
