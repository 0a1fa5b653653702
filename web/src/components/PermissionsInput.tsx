// Permissions in a form, one box each, under what they are about.
import { Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import type { Permission } from "../api/types";
import { grouped, permissionText } from "./permissions";

export function PermissionsInput(props: {
  id?: string;
  value?: Permission[];
  onChange?: (permissions: Permission[]) => void;
  /** Those there are. */
  all: readonly Permission[];
  /** Those one may give. */
  mine: readonly string[];
}) {
  const { t } = useTranslation();
  const { value = [], all, mine, onChange } = props;
  return (
    <div id={props.id} className="permissions">
      {grouped(all).map(([group, permissions]) => (
        <fieldset key={group}>
          <legend>{t(`access.permission_group.${group}`, { defaultValue: group })}</legend>
          {permissions.map((permission) => (
            <Checkbox
              key={permission}
              checked={value.includes(permission)}
              disabled={!mine.includes(permission)}
              onChange={({ target }) =>
                onChange?.(
                  all.filter((one) => (one === permission ? target.checked : value.includes(one))),
                )
              }
            >
              {permissionText(permission, t)}
            </Checkbox>
          ))}
        </fieldset>
      ))}
    </div>
  );
}
