// Two customers side by side: who stands for both, whose value of each field is kept, what moves, and what only
// follows later. The two and who remains stand in the address.
import { ArrowLeftOutlined } from "@ant-design/icons";
import { useMutation } from "@tanstack/react-query";
import { App, Breadcrumb, Button, Card, Popconfirm, Radio, Typography } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import {
  type Conflict,
  type MergePreview,
  merge,
  useMayMerge,
  usePreview,
} from "../../api/merging";
import { problemCode, useCustomer, useSession } from "../../api/queries";
import { useSchema } from "../../api/settings";
import type { Customer } from "../../api/types";
import { Answer, ProblemAlert, Waiting } from "../../components/Answer";
import Forbidden from "../../components/Forbidden";
import { useLanguageName } from "../../components/languages";
import { PageHead } from "../../components/PageHead";
import { Section } from "../../components/Section";
import { useUrlState } from "../../components/urlState";
import { useFormat } from "../../i18n/format";
import { Later } from "./Later";
import { fieldText, movesLines, valueLines, type Words } from "./mergeWords";
import { SideBySide } from "./SideBySide";
import { useMerged } from "./useMerged";

export function MergePage() {
  const { t } = useTranslation();
  const [search] = useUrlState();
  const session = useSession().data;
  const may = useMayMerge();
  const one = search.get("one") ?? "";
  const other = search.get("other") ?? "";
  if (!session) return <Waiting />;
  if (!may) return <Forbidden />;
  return (
    <>
      <Breadcrumb
        items={[
          {
            title: (
              <Link to="/customers/duplicates">
                <ArrowLeftOutlined aria-hidden /> {t("merging.title")}
              </Link>
            ),
          },
          { title: t("merging.compare") },
        ]}
      />
      <PageHead title={t("merging.compare_title")} lead={t("merging.compare_lead")} />
      <Two key={`${one} ${other}`} one={one} other={other} />
    </>
  );
}

function Two(props: { one: string; other: string }) {
  const [search] = useUrlState();
  const keepsOther = search.get("keep") === "other";
  const survivor = keepsOther ? props.other : props.one;
  const merged = keepsOther ? props.one : props.other;
  const preview = usePreview(survivor, merged);
  const one = useCustomer(props.one);
  const other = useCustomer(props.other);
  // By field, whose value is kept: by the customer's id, so that it holds whoever remains.
  const [chosen, setChosen] = useState<Record<string, string>>({});
  return (
    <Answer query={preview}>
      {(shown) => (
        <Answer query={one}>
          {(left) => (
            <Answer query={other}>
              {(right) => (
                <Deciding
                  preview={shown}
                  survivorId={survivor}
                  waiting={preview.isPlaceholderData}
                  left={left}
                  right={right}
                  chosen={chosen}
                  onChoose={(field, id) => setChosen({ ...chosen, [field]: id })}
                />
              )}
            </Answer>
          )}
        </Answer>
      )}
    </Answer>
  );
}

function Deciding(props: {
  preview: MergePreview;
  /** Who remains, by the address. */
  survivorId: string;
  /** The preview is not yet that of who remains now. */
  waiting: boolean;
  left: Customer;
  right: Customer;
  chosen: Readonly<Record<string, string>>;
  onChoose: (field: string, id: string) => void;
}) {
  const { preview, left, right } = props;
  const { survivor, merged } = preview;
  const { t } = useTranslation();
  const [, change] = useUrlState();
  const words: Words = {
    t,
    format: useFormat(),
    schema: useSchema().data,
    languageName: useLanguageName(),
  };
  const kept = (field: string) => props.chosen[field] ?? props.survivorId;
  const linesOf = (conflict: Conflict, id: string) =>
    valueLines(conflict.field, id === survivor.id ? conflict.survivor : conflict.merged, words);
  const name = (of: { name: string; external_id: string }) =>
    t("merging.named", { name: of.name, number: of.external_id });
  const moves = movesLines(preview.moves, words);
  return (
    <div className="stack narrow">
      <Section title={t("merging.survivor.title")}>
        <Radio.Group
          className="choices"
          value={props.survivorId}
          onChange={({ target }) => change({ keep: target.value === left.id ? null : "other" })}
          options={[left, right].map((one) => ({
            value: one.id,
            label: name(one),
          }))}
        />
        <Typography.Paragraph type="secondary" className="pair-hint">
          {t("merging.survivor.hint", { survivor: name(survivor), merged: name(merged) })}
        </Typography.Paragraph>
      </Section>
      <Section title={t("merging.fields.title")}>
        <Typography.Paragraph type="secondary">
          {t(preview.conflicts.length > 0 ? "merging.fields.hint" : "merging.fields.agree")}
        </Typography.Paragraph>
        <SideBySide
          left={left}
          right={right}
          decided={preview.conflicts.map((conflict) => ({
            field: conflict.field,
            label: fieldText(conflict.field, words),
            left: linesOf(conflict, left.id),
            right: linesOf(conflict, right.id),
            kept: kept(conflict.field),
          }))}
          filled={preview.filled}
          onChoose={props.onChoose}
        />
      </Section>
      <Section title={t("merging.moves_title")}>
        {moves.length > 0 ? (
          <ul className="reasons">
            {moves.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        ) : (
          <Typography.Text type="secondary">{t("merging.moves_none")}</Typography.Text>
        )}
        <Later of={preview.later} />
      </Section>
      <Confirm preview={preview} waiting={props.waiting} chosen={props.chosen} name={name} />
    </div>
  );
}

function Confirm(props: {
  preview: MergePreview;
  waiting: boolean;
  chosen: Readonly<Record<string, string>>;
  name: (of: { name: string; external_id: string }) => string;
}) {
  const { preview, name } = props;
  const { survivor, merged } = preview;
  const { t } = useTranslation();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const refresh = useMerged();
  const make = useMutation({
    mutationFn: () =>
      merge({
        survivor: survivor.id,
        survivor_version: preview.survivor_version,
        merged: merged.id,
        merged_version: preview.merged_version,
        fields: Object.fromEntries(
          preview.conflicts.map(({ field }) => [
            field,
            (props.chosen[field] ?? survivor.id) === survivor.id ? "survivor" : "merged",
          ]),
        ),
      }),
    onSuccess: (made) => {
      message.success(t("merging.done"));
      // Back must not lead to two who are one by now.
      navigate(`/customers/${survivor.id}?merge=${made.id}`, {
        replace: true,
        state: { later: made.later },
      });
      void refresh();
    },
    onError: (error) => {
      // Somebody has changed one of the two: what is to be decided is shown as it is now.
      if (problemCode(error) === "version_stale") void refresh();
    },
  });
  const who = { survivor: name(survivor), merged: name(merged) };
  return (
    <Card>
      {make.error ? <ProblemAlert error={make.error} /> : null}
      <div className="row">
        <Popconfirm
          title={t("merging.confirm_title", who)}
          description={t("merging.confirm_hint", who)}
          okText={t("merging.merge")}
          onConfirm={() => make.mutate()}
        >
          <Button type="primary" disabled={props.waiting} loading={make.isPending}>
            {t("merging.merge")} …
          </Button>
        </Popconfirm>
        <Link to="/customers/duplicates">{t("merging.leave")}</Link>
      </div>
    </Card>
  );
}
