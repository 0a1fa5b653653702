// Makes one customer two again. Where a later merge is in the way, that one is named.
import { useMutation } from "@tanstack/react-query";
import { Alert, App, Button, Popconfirm } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError } from "../../api/client";
import { type Merge, undoMerge, useMerges } from "../../api/merging";
import { problemCode } from "../../api/queries";
import { ProblemAlert } from "../../components/Answer";
import { useFormat } from "../../i18n/format";
import { laterMerge } from "./laterMerge";
import { MergedNames } from "./MergedNames";
import { useMerged } from "./useMerged";

export function UndoMerge(props: { of: Merge; onUndone?: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { of } = props;
  const refresh = useMerged();
  const undo = useMutation({
    mutationFn: () => undoMerge(of.id),
    onSuccess: () => {
      message.success(t("merging.undone"));
      props.onUndone?.();
      void refresh();
    },
  });
  return (
    <div className="merge-undo">
      <Popconfirm
        title={t("merging.undo_title")}
        description={t("merging.undo_hint")}
        okText={t("merging.undo")}
        onConfirm={() => undo.mutate()}
      >
        <Button loading={undo.isPending}>{t("merging.undo")} …</Button>
      </Popconfirm>
      {problemCode(undo.error) === "merge_not_last" ? (
        <InTheWay of={of} error={undo.error} />
      ) : undo.error ? (
        <ProblemAlert error={undo.error} />
      ) : null}
    </div>
  );
}

function InTheWay(props: { of: Merge; error: unknown }) {
  const { t } = useTranslation();
  const format = useFormat();
  const detail = props.error instanceof ApiError ? props.error.problem.detail : undefined;
  const id = laterMerge(detail);
  // The survivor's merges, the newest first: the one in the way was made after this one.
  const merges = useMerges(props.of.survivor).data?.pages.flatMap((page) => page.items);
  const later = merges?.find((merge) => merge.id === id);
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={t("problem.code.merge_not_last")}
      description={
        <span className="in-text">
          {later ? (
            <>
              <MergedNames of={later} />
              {" · "}
              {t("merging.merged_at", { time: format.time(later.merged_at) })}{" "}
            </>
          ) : null}
          <Link to={`/customers/duplicates?tab=merges&customer=${props.of.survivor}`}>
            {t("merging.to_merges")}
          </Link>
        </span>
      }
    />
  );
}
