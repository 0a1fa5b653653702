// What a team is called. Who is in it is decided with the user.
import { useQueryClient } from "@tanstack/react-query";
import { Form, Input } from "antd";
import { useTranslation } from "react-i18next";
import { accessKeys, addTeam, changeTeam, readTeams, type Team } from "../../../api/access";
import { EditDialog } from "../../../components/EditDialog";

const known = (of: Team | null) => ({
  values: { name: of?.name ?? "" },
  version: of?.version ?? 0,
});

export function TeamDialog(props: { team: Team | null; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { team } = props;
  const labels = { name: t("access.teams.name") };
  return (
    <EditDialog<{ name: string }>
      title={team ? t("access.teams.edit_title", { name: team.name }) : t("access.teams.add")}
      save={t("record.save")}
      known={known(team)}
      labels={labels}
      reread={
        team
          ? async () => known((await readTeams()).find((one) => one.id === team.id) ?? team)
          : undefined
      }
      onSave={({ name }, { version }) =>
        team ? changeTeam(team.id, version, name) : addTeam(name)
      }
      onSaved={() => void client.invalidateQueries({ queryKey: accessKeys.teams })}
      onClose={props.onClose}
    >
      <Form.Item
        name="name"
        label={labels.name}
        extra={t("access.teams.members_hint")}
        rules={[{ required: true, whitespace: true, message: t("app.required") }]}
      >
        <Input autoFocus autoComplete="off" maxLength={200} />
      </Form.Item>
    </EditDialog>
  );
}
