// An identity provider: who it is, whom its people are here, and what becomes of those whom nobody knows.
import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Checkbox, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useBranches, useRoles } from "../../../api/access";
import {
  addProvider,
  changeProvider,
  type IdentityProvider,
  type ProviderSettings,
  readProvider,
  signOnKeys,
} from "../../../api/signOn";
import { branchOptions } from "../../../components/branches";
import { EditDialog } from "../../../components/EditDialog";
import { roleName } from "../../../components/roles";

type Typed = Omit<ProviderSettings, "new_users" | "groups"> & {
  secret: string;
  makes_users: boolean;
  role: string;
  branch_id: string | null;
  by_groups: boolean;
  claim: string;
  group_roles: { group: string; role: string }[];
};

const known = (of: IdentityProvider | null): { values: Typed; version: number } => {
  const { new_users, groups, ...settings } = of?.settings ?? {
    zh: "",
    en: "",
    issuer: "",
    client_id: "",
    scopes: ["profile", "email"],
    link_by_email: true,
    link_by_username: false,
    new_users: null,
    groups: null,
    active: true,
    allow_http: false,
    allow_private: false,
  };
  return {
    values: {
      ...settings,
      secret: "",
      makes_users: Boolean(new_users),
      role: new_users?.role ?? "viewer",
      branch_id: new_users?.branch_id ?? null,
      by_groups: Boolean(groups),
      claim: groups?.claim ?? "groups",
      group_roles: groups?.roles ?? [{ group: "", role: "viewer" }],
    },
    version: of?.version ?? 0,
  };
};

function settingsOf(typed: Typed): ProviderSettings {
  const {
    secret: _,
    makes_users,
    role,
    branch_id,
    by_groups,
    claim,
    group_roles,
    ...plain
  } = typed;
  return {
    ...plain,
    new_users: makes_users ? { role, branch_id: branch_id ?? null } : null,
    groups: by_groups ? { claim, roles: group_roles } : null,
  };
}

/** Where the server's fields, which stand in its settings, are in this form. */
const PLACES = Object.fromEntries(
  [
    ["zh"],
    ["en"],
    ["issuer"],
    ["client_id"],
    ["scopes"],
    ["new_users.role", "role"],
    ["new_users.branch_id", "branch_id"],
    ["groups", "claim"],
  ].map(([theirs, here = theirs]) => [["settings", theirs].join("."), here as string]),
);

export function ProviderDialog(props: { provider: IdentityProvider | null; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { provider } = props;
  const roles = (useRoles().data?.items ?? []).map((one) => ({
    value: one.role,
    label: roleName(one, t),
  }));
  const branches = useBranches().data ?? [];
  const labels: Record<keyof Typed & string, string> = {
    zh: t("settings.sign_on.zh"),
    en: t("settings.sign_on.en"),
    issuer: t("settings.sign_on.issuer"),
    client_id: t("settings.sign_on.client_id"),
    secret: t("settings.sign_on.secret"),
    scopes: t("settings.sign_on.scopes"),
    link_by_username: t("settings.sign_on.link_by_username"),
    link_by_email: t("settings.sign_on.link_by_email"),
    makes_users: t("settings.sign_on.makes_users"),
    role: t("settings.sign_on.new_role"),
    branch_id: t("settings.sign_on.new_branch"),
    by_groups: t("settings.sign_on.by_groups"),
    claim: t("settings.sign_on.claim"),
    group_roles: t("settings.sign_on.group_roles"),
    active: t("settings.sign_on.active"),
    allow_private: t("settings.sign_on.allow_private"),
    allow_http: t("settings.sign_on.allow_http"),
  };
  const needed = { required: true, whitespace: true, message: t("app.required") };
  const box = (name: keyof Typed & string, hint?: string) => (
    <Form.Item name={name} valuePropName="checked" extra={hint}>
      <Checkbox>{labels[name]}</Checkbox>
    </Form.Item>
  );
  return (
    <EditDialog<Typed>
      title={t(provider ? "settings.sign_on.edit_title" : "settings.sign_on.add")}
      save={t("record.save")}
      known={known(provider)}
      labels={labels}
      show={(_, value) =>
        typeof value === "boolean"
          ? t(value ? "events.yes" : "events.no")
          : typeof value === "string"
            ? value
            : JSON.stringify(value)
      }
      reread={provider ? async () => known(await readProvider(provider.id)) : undefined}
      onSave={async (typed, { version }) => {
        const secret = typed.secret || null;
        if (provider) await changeProvider(provider.id, version, settingsOf(typed), secret);
        else await addProvider(settingsOf(typed), secret);
      }}
      onSaved={() => void client.invalidateQueries({ queryKey: signOnKeys.providers })}
      onClose={props.onClose}
      places={PLACES}
      width={640}
    >
      <Form.Item name="zh" label={labels.zh} rules={[needed]}>
        <Input autoFocus autoComplete="off" maxLength={64} />
      </Form.Item>
      <Form.Item name="en" label={labels.en} rules={[needed]}>
        <Input autoComplete="off" maxLength={64} />
      </Form.Item>
      <Form.Item
        name="issuer"
        label={labels.issuer}
        extra={t("settings.sign_on.issuer_hint")}
        rules={[needed]}
      >
        <Input inputMode="url" placeholder="https://" autoComplete="off" spellCheck={false} />
      </Form.Item>
      <Form.Item name="client_id" label={labels.client_id} rules={[needed]}>
        <Input autoComplete="off" spellCheck={false} />
      </Form.Item>
      <Form.Item
        name="secret"
        label={labels.secret}
        extra={t(
          provider?.has_secret ? "settings.sign_on.secret_kept" : "settings.sign_on.secret_hint",
        )}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item name="scopes" label={labels.scopes} extra={t("settings.sign_on.scopes_hint")}>
        <Select mode="tags" open={false} suffixIcon={null} tokenSeparators={[" ", ","]} />
      </Form.Item>
      {box("link_by_email", t("settings.sign_on.link_by_email_hint"))}
      {box("link_by_username", t("settings.sign_on.link_hint"))}
      {box("makes_users", t("settings.sign_on.makes_users_hint"))}
      <Form.Item noStyle dependencies={["makes_users"]}>
        {({ getFieldValue }) =>
          getFieldValue("makes_users") ? (
            <>
              <Form.Item name="role" label={labels.role}>
                <Select options={roles} showSearch={{ optionFilterProp: "label" }} />
              </Form.Item>
              <Form.Item name="branch_id" label={labels.branch_id}>
                <Select
                  allowClear
                  options={branchOptions(branches)}
                  showSearch={{ optionFilterProp: "label" }}
                  notFoundContent={t("access.branches.none.title")}
                />
              </Form.Item>
            </>
          ) : null
        }
      </Form.Item>
      {box("by_groups", t("settings.sign_on.by_groups_hint"))}
      <Form.Item noStyle dependencies={["by_groups"]}>
        {({ getFieldValue }) =>
          getFieldValue("by_groups") ? (
            <>
              <Form.Item name="claim" label={labels.claim} rules={[needed]}>
                <Input autoComplete="off" spellCheck={false} />
              </Form.Item>
              <GroupRoles roles={roles} />
            </>
          ) : null
        }
      </Form.Item>
      {box("active")}
      {box("allow_private")}
      {box("allow_http", t("settings.sign_on.allow_http_hint"))}
    </EditDialog>
  );
}

function GroupRoles(props: { roles: { value: string; label: string }[] }) {
  const { t } = useTranslation();
  const needed = { required: true, whitespace: true, message: t("app.required") };
  return (
    <Form.List name="group_roles">
      {(fields, { add, remove }) => (
        <fieldset style={{ border: 0, margin: 0, padding: 0 }}>
          <legend>{t("settings.sign_on.group_roles")}</legend>
          {fields.map(({ key, name }) => (
            <div key={key} className="row">
              <Form.Item name={[name, "group"]} rules={[needed]} style={{ flex: 1 }}>
                <Input
                  aria-label={t("settings.sign_on.group")}
                  placeholder={t("settings.sign_on.group")}
                  autoComplete="off"
                  spellCheck={false}
                />
              </Form.Item>
              <Form.Item name={[name, "role"]} rules={[needed]} style={{ flex: 1 }}>
                <Select aria-label={t("access.users.role")} options={props.roles} />
              </Form.Item>
              <Form.Item>
                <Button
                  type="text"
                  icon={<DeleteOutlined aria-hidden />}
                  aria-label={t("record.remove")}
                  disabled={fields.length === 1}
                  onClick={() => remove(name)}
                />
              </Form.Item>
            </div>
          ))}
          <Form.Item>
            <Button
              type="dashed"
              icon={<PlusOutlined aria-hidden />}
              onClick={() => add({ group: "", role: "viewer" })}
            >
              {t("settings.sign_on.add_group")}
            </Button>
          </Form.Item>
        </fieldset>
      )}
    </Form.List>
  );
}
