// Who may decide about a user or a role: nobody gives, or touches, what grants more than they have themselves.
import { type RoleRecord, useRoles } from "../../api/access";
import { useMay, useSession, useWholeFirm } from "../../api/queries";

export function useMayDecide(): (role?: string | RoleRecord) => boolean {
  const mayManage = useMay("users.manage");
  const whole = useWholeFirm();
  const mine = useSession().data?.permissions ?? [];
  const roles = useRoles().data?.items;
  return (role) => {
    if (!mayManage || !whole) return false;
    if (role === undefined) return true;
    const record = typeof role === "string" ? roles?.find((one) => one.role === role) : role;
    return record?.permissions.every((permission) => mine.includes(permission)) ?? false;
  };
}
