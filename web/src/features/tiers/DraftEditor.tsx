// A draft being written. What the server refuses stands at its field; where a colleague was first, what they changed
// is told, and nobody overwrites it unseen.
import { PlusOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Form, type FormInstance, Typography } from "antd";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { keys, problemCode } from "../../api/queries";
import { changeDraft, readVersion, type TierDocument, type Version } from "../../api/tiers";
import { ProblemAlert } from "../../components/Answer";
import { changesOf } from "../../components/changes";
import { usePersonName } from "../../components/tiers/names";
import { useFormat } from "../../i18n/format";
import {
  type DraftForm,
  faultOf,
  fromForm,
  LEVELS_MOST,
  newLevel,
  placeOf,
  toForm,
} from "./draftForm";
import { LevelFields } from "./LevelFields";
import { TermsFields } from "./TermsFields";

/** Shows what the server said at its fields; true where all of it has found its place. */
function showFaults(form: FormInstance<DraftForm>, error: unknown, t: TFunction): boolean {
  const fields = error instanceof ApiError ? (error.problem.fields ?? []) : [];
  const placed = fields.flatMap(({ field, message }) => {
    const name = placeOf(field);
    const errors = [t(`tiers.fault.${faultOf(field)}`, { defaultValue: message })];
    return name ? [{ name, errors }] : [];
  });
  form.setFields(placed as Parameters<typeof form.setFields>[0]);
  const first = placed[0]?.name;
  if (first)
    form.scrollToField(first as Parameters<typeof form.scrollToField>[0], { block: "center" });
  return fields.length > 0 && placed.length === fields.length;
}

export function DraftEditor(props: { of: Version; currency: string }) {
  const { currency } = props;
  const { t } = useTranslation();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [form] = Form.useForm<DraftForm>();
  const [known, setKnown] = useState(props.of);
  /** What a colleague has saved meanwhile. */
  const [theirs, setTheirs] = useState<Version | null>(null);
  const [atFields, setAtFields] = useState(false);
  const take = (saved: Version) => {
    setKnown(saved);
    setTheirs(null);
    void client.invalidateQueries({ queryKey: keys.tiers });
  };
  const save = useMutation({
    mutationFn: (document: TierDocument) => changeDraft(known.id, known.revision, document),
    onSuccess: (saved) => {
      take(saved);
      message.success(t("tiers.edit.saved"));
    },
    onError: async (error) => {
      if (problemCode(error) === "version_stale") {
        setTheirs(await readVersion(known.id));
        save.reset();
        return;
      }
      setAtFields(showFaults(form, error, t));
    },
  });
  return (
    <Form<DraftForm>
      form={form}
      layout="vertical"
      requiredMark={false}
      scrollToFirstError={{ block: "center" }}
      initialValues={toForm(known.document, currency)}
      onFinish={() => {
        setAtFields(false);
        // Also of what is not shown now: a rule of keeping that is switched off stays as it was typed.
        save.mutate(fromForm(form.getFieldsValue(true), currency));
      }}
    >
      <Form.List name="levels">
        {(fields, { add, remove, move }) => (
          <div className="stack">
            <p className="definition">{t("tiers.edit.levels_hint")}</p>
            {fields.map((field, index) => (
              <LevelFields
                key={field.key}
                at={field.name}
                last={index === fields.length - 1}
                currency={currency}
                onMove={(to) => move(index, to)}
                onRemove={() => remove(index)}
              />
            ))}
            {fields.length < LEVELS_MOST ? (
              <Button
                type="dashed"
                icon={<PlusOutlined aria-hidden />}
                onClick={() => add(newLevel())}
              >
                {t("tiers.edit.add_level")}
              </Button>
            ) : null}
          </div>
        )}
      </Form.List>
      <Typography.Title level={3} className="section-title tier-terms">
        {t("tiers.edit.terms")}
      </Typography.Title>
      <TermsFields />
      <div className="stack">
        {theirs ? (
          <Conflict
            known={known}
            theirs={theirs}
            onTake={() => {
              form.setFieldsValue(toForm(theirs.document, currency));
              take(theirs);
            }}
            onKeep={() => {
              setKnown(theirs);
              setTheirs(null);
            }}
          />
        ) : null}
        {save.error && !atFields ? <ProblemAlert error={save.error} /> : null}
        <div className="row">
          <Button
            type="primary"
            htmlType="submit"
            loading={save.isPending}
            disabled={theirs !== null}
          >
            {t("tiers.edit.save")}
          </Button>
          <span className="figure-note">{t("tiers.edit.nobody_feels_it")}</span>
        </div>
      </div>
    </Form>
  );
}

const PARTS = ["levels", "period", "downgrade", "landing", "notice_days", "effective_on"] as const;

/** A colleague was first: what they changed, and the two ways on. */
function Conflict(props: {
  known: Version;
  theirs: Version;
  onTake: () => void;
  onKeep: () => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const person = usePersonName();
  const changed = changesOf(props.known.document, props.theirs.document);
  const parts = PARTS.filter((part) => part in changed).map((part) => t(`tiers.edit.part.${part}`));
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      title={t("tiers.edit.conflict", { who: person(props.theirs.edited_by) })}
      description={t("tiers.edit.conflict_about", { parts: format.list(parts) })}
      action={
        <span className="row">
          <Button size="small" onClick={props.onTake}>
            {t("tiers.edit.take_theirs")}
          </Button>
          <Button size="small" danger onClick={props.onKeep}>
            {t("tiers.edit.keep_mine")}
          </Button>
        </span>
      }
    />
  );
}
