// What was merged, the newest first, and the way back.
import { Card, Tag } from "antd";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Merge, useMerges } from "../../api/merging";
import { Answer } from "../../components/Answer";
import { More } from "../../components/EventList";
import { Teach } from "../../components/Teach";
import { useFormat } from "../../i18n/format";
import { MergedNames } from "./MergedNames";
import { movesLines } from "./mergeWords";
import { UndoMerge } from "./UndoMerge";

export function Merges(props: { customer: string | null }) {
  const { t } = useTranslation();
  const merges = useMerges(props.customer);
  return (
    <Answer query={merges}>
      {({ pages }) => {
        const items = pages.flatMap((page) => page.items);
        if (items.length === 0) {
          return <Teach title={t("merging.none.merges")} hint={t("merging.none.merges_hint")} />;
        }
        return (
          <>
            <ul className="plain stack" aria-label={t("merging.tab.merges")}>
              {items.map((merge) => (
                <li key={merge.id}>
                  <OneMerge of={merge} />
                </li>
              ))}
            </ul>
            <More of={merges} />
          </>
        );
      }}
    </Answer>
  );
}

function OneMerge(props: { of: Merge }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of } = props;
  const facts = [
    ...of.fields.map((field) =>
      t("merging.took", { field: t(`record.field.${field}`, { defaultValue: field }) }),
    ),
    ...movesLines(of.moved, { t, format }),
  ];
  return (
    <Card size="small">
      <div className="row">
        <span className="in-text">
          <MergedNames of={of} />
        </span>
        {of.undone_at ? (
          <Tag>{t("merging.undone_at", { time: format.time(of.undone_at) })}</Tag>
        ) : null}
      </div>
      <div className="figure-note">
        {[t("merging.merged_at", { time: format.time(of.merged_at) }), ...facts].join(" · ")}
      </div>
      <div className="row pair-undo">
        <Link to={`/customers/${of.survivor}?tab=timeline`}>{t("merging.timeline")}</Link>
        {of.undone_at ? null : <UndoMerge of={of} />}
      </div>
    </Card>
  );
}
