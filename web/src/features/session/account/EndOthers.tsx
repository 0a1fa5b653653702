// Signs out everywhere but here.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App, Button, Popconfirm } from "antd";
import { useTranslation } from "react-i18next";
import { accessKeys, endOtherSessions } from "../../../api/access";
import { errorText } from "../../../components/problem";

export function EndOthers() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const end = useMutation({
    mutationFn: endOtherSessions,
    onSuccess: () => client.invalidateQueries({ queryKey: accessKeys.sessions }),
    onError: (error) => message.error(errorText(error, t)),
  });
  return (
    <Popconfirm
      title={t("access.sessions.end_others_title")}
      description={t("access.sessions.end_hint")}
      okText={t("access.sessions.end_others")}
      onConfirm={() => end.mutate()}
    >
      <Button loading={end.isPending}>{t("access.sessions.end_others")}</Button>
    </Popconfirm>
  );
}
