// Who a user is, what they may do, and where they belong.
import { useQueryClient } from "@tanstack/react-query";
import { Checkbox, Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import {
  accessKeys,
  addUser,
  changeUser,
  readUser,
  type UserChange,
  type UserRecord,
  type UserWithPassword,
  useBranches,
  useRoles,
  useTeams,
} from "../../../api/access";
import { branchOptions, branchPaths } from "../../../components/branches";
import { EditDialog } from "../../../components/EditDialog";
import { roleName } from "../../../components/roles";
import { ABSENT, useFormat } from "../../../i18n/format";
import { useMayDecide } from "../useMayDecide";

type Typed = UserChange & { login: string };

const TEAMS_MOST = 20;

const known = (of: UserRecord | null): { values: Typed; version: number } => ({
  values: {
    login: of?.login ?? "",
    name: of?.name ?? "",
    role: of?.role ?? "",
    branch_id: of?.branch_id ?? null,
    team_ids: of?.team_ids ?? [],
    active: of?.active ?? true,
  },
  version: of?.version ?? 0,
});

export function UserDialog(props: {
  user: UserRecord | null;
  onPassword: (of: UserWithPassword) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const { user } = props;
  const mayDecide = useMayDecide();
  const roles = useRoles().data?.items ?? [];
  const branches = useBranches().data ?? [];
  const teams = useTeams().data ?? [];
  const labels = {
    login: t("access.users.login"),
    name: t("access.users.name"),
    role: t("access.users.role"),
    branch_id: t("access.users.branch"),
    team_ids: t("access.users.teams"),
    active: t("access.users.may_sign_in"),
  };
  const needed = { required: true, whitespace: true, message: t("app.required") };
  const show = (name: keyof Typed & string, value: unknown): string => {
    switch (name) {
      case "role": {
        const role = roles.find((one) => one.role === value);
        return role ? roleName(role, t) : ABSENT;
      }
      case "branch_id":
        return branchPaths(branches).get(String(value)) ?? ABSENT;
      case "team_ids":
        return (
          format.list(
            teams.filter(({ id }) => (value as string[]).includes(id)).map((team) => team.name),
          ) || ABSENT
        );
      case "active":
        return t(value ? "events.yes" : "events.no");
      default:
        return String(value ?? ABSENT);
    }
  };
  return (
    <EditDialog<Typed>
      title={user ? t("access.users.edit_title", { name: user.name }) : t("access.users.add")}
      save={t(user ? "record.save" : "access.users.add")}
      known={known(user)}
      labels={labels}
      show={show}
      reread={user ? async () => known(await readUser(user.id)) : undefined}
      onSave={async ({ login, ...typed }, { version }) => {
        const decided = { ...typed, branch_id: typed.branch_id ?? null };
        if (user) await changeUser(user.id, version, decided);
        else props.onPassword(await addUser({ login, ...decided }));
      }}
      onSaved={() => {
        void client.invalidateQueries({ queryKey: accessKeys.users });
        void client.invalidateQueries({ queryKey: accessKeys.teams });
      }}
      onClose={props.onClose}
    >
      {user ? null : (
        <Form.Item
          name="login"
          label={labels.login}
          extra={t("access.users.login_hint")}
          rules={[needed, { pattern: /^\S{1,64}$/, message: t("problem.code.login_malformed") }]}
        >
          <Input autoFocus autoComplete="off" autoCapitalize="off" spellCheck={false} />
        </Form.Item>
      )}
      <Form.Item name="name" label={labels.name} rules={[needed]}>
        <Input autoFocus={Boolean(user)} autoComplete="off" maxLength={200} />
      </Form.Item>
      <Form.Item
        noStyle
        shouldUpdate={(one, other) => one.role !== other.role || one.branch_id !== other.branch_id}
      >
        {({ getFieldValue }) => {
          const role = roles.find((one) => one.role === getFieldValue("role"));
          const blind = role?.scope === "branch" && !getFieldValue("branch_id");
          return (
            <Form.Item
              name="role"
              label={labels.role}
              extra={role ? t(`access.scope.${role.scope}`) : undefined}
              rules={[{ required: true, message: t("app.required") }]}
              {...(blind
                ? { validateStatus: "warning", help: t("access.users.without_branch") }
                : {})}
            >
              <Select
                showSearch={{ optionFilterProp: "label" }}
                options={roles.map((one) => ({
                  value: one.role,
                  label: roleName(one, t),
                  disabled: !mayDecide(one),
                }))}
              />
            </Form.Item>
          );
        }}
      </Form.Item>
      <Form.Item name="branch_id" label={labels.branch_id}>
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          options={branchOptions(branches)}
          notFoundContent={t("access.branches.none.title")}
        />
      </Form.Item>
      <Form.Item name="team_ids" label={labels.team_ids}>
        <Select
          mode="multiple"
          allowClear
          maxCount={TEAMS_MOST}
          showSearch={{ optionFilterProp: "label" }}
          options={teams.map((team) => ({ value: team.id, label: team.name }))}
          notFoundContent={t("access.teams.none")}
        />
      </Form.Item>
      <Form.Item name="active" valuePropName="checked" extra={t("access.users.active_hint")}>
        <Checkbox>{labels.active}</Checkbox>
      </Form.Item>
    </EditDialog>
  );
}
