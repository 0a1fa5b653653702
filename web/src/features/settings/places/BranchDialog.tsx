// What a branch is called, and where in the tree it is.
import { useQueryClient } from "@tanstack/react-query";
import { Form, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import {
  accessKeys,
  addBranch,
  type Branch,
  type BranchChange,
  changeBranch,
  readBranches,
} from "../../../api/access";
import { branchOptions, branchPaths } from "../../../components/branches";
import { EditDialog } from "../../../components/EditDialog";
import { ABSENT } from "../../../i18n/format";

const CODE_CHARS_MOST = 64;

const known = (
  of: Branch | null,
  below: string | null,
): { values: BranchChange; version: number } => ({
  values: { name: of?.name ?? "", code: of?.code ?? "", parent_id: of ? of.parent_id : below },
  version: of?.version ?? 0,
});

export function BranchDialog(props: {
  branch: Branch | null;
  /** Where a new one is to be. */
  below: string | null;
  all: Branch[];
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { branch, all } = props;
  const labels = {
    name: t("access.branches.name"),
    code: t("access.branches.code"),
    parent_id: t("access.branches.parent"),
  };
  const needed = { required: true, whitespace: true, message: t("app.required") };
  return (
    <EditDialog<BranchChange>
      title={
        branch ? t("access.branches.edit_title", { name: branch.name }) : t("access.branches.add")
      }
      save={t("record.save")}
      known={known(branch, props.below)}
      labels={labels}
      show={(name, value) =>
        name === "parent_id"
          ? (branchPaths(all).get(String(value)) ?? ABSENT)
          : String(value ?? ABSENT)
      }
      reread={
        branch
          ? async () => {
              const now = await readBranches();
              return known(now.find((one) => one.id === branch.id) ?? branch, null);
            }
          : undefined
      }
      onSave={(typed, { version }) => {
        const decided = { ...typed, parent_id: typed.parent_id ?? null };
        return branch ? changeBranch(branch.id, version, decided) : addBranch(decided);
      }}
      onSaved={() => void client.invalidateQueries({ queryKey: accessKeys.branches })}
      onClose={props.onClose}
    >
      <Form.Item name="name" label={labels.name} rules={[needed]}>
        <Input autoFocus autoComplete="off" maxLength={200} />
      </Form.Item>
      <Form.Item
        name="code"
        label={labels.code}
        extra={t("access.branches.code_hint")}
        rules={[needed]}
      >
        <Input autoComplete="off" spellCheck={false} maxLength={CODE_CHARS_MOST} />
      </Form.Item>
      <Form.Item name="parent_id" label={labels.parent_id} extra={t("access.branches.parent_hint")}>
        <Select
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          options={branchOptions(all, branch?.id)}
        />
      </Form.Item>
    </EditDialog>
  );
}
