// What is said of a user: whether they can sign in, and what their role, branch and teams are called.
import { useTranslation } from "react-i18next";
import { type UserRecord, useBranches, useRoles, useTeams } from "../../../api/access";
import { branchPaths } from "../../../components/branches";
import { Mark } from "../../../components/Marks";
import { roleName } from "../../../components/roles";
import { ABSENT, useFormat } from "../../../i18n/format";

const ON = "#009e73";
const OFF = "#8c8c8c";

export function UserState(props: { active: boolean }) {
  const { t } = useTranslation();
  return (
    <Mark
      colour={props.active ? ON : OFF}
      text={t(props.active ? "access.users.on" : "access.users.off")}
    />
  );
}

/** What a user's role, branch and teams are called. */
export function usePlaceNames() {
  const { t } = useTranslation();
  const format = useFormat();
  const roles = useRoles().data?.items ?? [];
  const paths = branchPaths(useBranches().data ?? []);
  const teams = useTeams().data ?? [];
  return {
    role: (of: UserRecord) => {
      const role = roles.find((one) => one.role === of.role);
      return role ? roleName(role, t) : ABSENT;
    },
    branch: (of: UserRecord) => (of.branch_id && paths.get(of.branch_id)) || ABSENT,
    teams: (of: UserRecord) =>
      format.list(teams.filter(({ id }) => of.team_ids.includes(id)).map(({ name }) => name)) ||
      ABSENT,
  };
}
