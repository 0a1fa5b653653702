// What a customer's page says of merging: that an old address led here, and that two were just made one.
import { Alert } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useMayMerge, useMerges } from "../../api/merging";
import { useUrlState } from "../../components/urlState";
import { Later } from "../duplicates/Later";
import { MergedNames } from "../duplicates/MergedNames";
import { UndoMerge } from "../duplicates/UndoMerge";

export default function MergeNotices(props: {
  customerId: string;
  /** The id that the address had before. */
  instead?: string;
  /** What follows later, where the two were made one just now. */
  later?: string[];
}) {
  const { t } = useTranslation();
  const [search, change] = useUrlState();
  const may = useMayMerge();
  const made = search.get("merge");
  const merges = useMerges(props.customerId, made !== null).data;
  const merge = merges?.pages
    .flatMap((page) => page.items)
    .find((one) => one.id === made && one.undone_at === null);
  return (
    <div className="stack notices">
      {props.instead ? (
        <Alert
          type="info"
          showIcon
          role="status"
          title={t("merging.instead.title")}
          description={
            may ? (
              <Link to={`/customers/duplicates?tab=merges&customer=${props.customerId}`}>
                {t("merging.to_merges")}
              </Link>
            ) : undefined
          }
        />
      ) : null}
      {merge ? (
        <Alert
          type="success"
          showIcon
          role="status"
          closable={{ onClose: () => change({ merge: null }, { replace: true }) }}
          title={<MergedNames of={merge} />}
          description={
            <>
              <Later of={props.later ?? []} />
              {may ? (
                <UndoMerge of={merge} onUndone={() => change({ merge: null }, { replace: true })} />
              ) : null}
            </>
          }
        />
      ) : null}
    </div>
  );
}
