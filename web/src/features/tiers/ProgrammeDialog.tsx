// What a programme is called and whom it is for. A new one may begin with a draft that is ready.
import { useQueryClient } from "@tanstack/react-query";
import { App, Form, Input, Radio, Select } from "antd";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ApiError } from "../../api/client";
import { keys, useFacets, useSetup } from "../../api/queries";
import {
  beginDraft,
  changeProgramme,
  createProgramme,
  type ProgrammeFacts,
  type ProgrammeShown,
  readProgramme,
} from "../../api/tiers";
import { EditDialog } from "../../components/EditDialog";
import { errorText } from "../../components/problem";
import { daysAfter, useToday } from "../../components/tiers/today";
import { readyMade } from "./readyMade";

const KINDS = ["person", "organisation"];
/** A colleague needs time to look at a draft before its day. */
const TIME_TO_REVIEW_DAYS = 7;
export const CODE = /^[a-z0-9_-]{1,32}$/;
export const NAME_LONGEST = 40;

type Typed = ProgrammeFacts & { begin?: "ready" | "nothing" };

/** What another programme has already is said at the field it is typed in. */
function atCode(error: unknown): never {
  if (error instanceof ApiError && error.problem.code === "code_taken") {
    throw new ApiError({ ...error.problem, fields: [{ field: "code", message: "" }] });
  }
  throw error;
}

const factsOf = ({ code, zh, en, brands, kinds }: ProgrammeFacts): ProgrammeFacts => ({
  code,
  zh,
  en,
  brands,
  kinds,
});

export function ProgrammeDialog(props: { of?: ProgrammeShown; onClose: () => void }) {
  const { of } = props;
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { message } = App.useApp();
  const currency = useSetup().data?.currency ?? "CNY";
  const brands = useFacets().data?.brands ?? [];
  const today = useToday();
  const labels = {
    code: t("tiers.programme.code"),
    zh: t("tiers.programme.zh"),
    en: t("tiers.programme.en"),
    brands: t("tiers.programme.brands"),
    kinds: t("tiers.programme.kinds"),
    begin: t("tiers.programme.begin"),
  };
  const create = async ({ begin, ...facts }: Typed) => {
    const made = await createProgramme(facts).catch(atCode);
    let address = `/tiers/programmes/${made.id}/levels`;
    if (begin === "ready") {
      try {
        const draft = await beginDraft(
          made.id,
          readyMade(currency, daysAfter(today, TIME_TO_REVIEW_DAYS)),
        );
        address = `${address}?version=${draft.id}`;
      } catch (error) {
        // The programme is there; its page offers to begin the draft again.
        message.error(errorText(error, t));
      }
    }
    navigate(address);
  };
  const named = [
    { required: true, whitespace: true, message: t("app.required") },
    { max: NAME_LONGEST, message: t("tiers.fault.name", { most: NAME_LONGEST }) },
  ];
  return (
    <EditDialog<Typed>
      title={t(of ? "tiers.programme.change" : "tiers.programme.add")}
      save={t(of ? "record.save" : "tiers.programme.create")}
      labels={labels}
      known={
        of
          ? { values: factsOf(of), version: of.version }
          : {
              values: { code: "", zh: "", en: "", brands: [], kinds: [], begin: "ready" },
              version: 0,
            }
      }
      reread={
        of
          ? async () => {
              const now = await readProgramme(of.id);
              return { values: factsOf(now), version: now.version };
            }
          : undefined
      }
      onSave={(typed, { version }) =>
        of ? changeProgramme(of.id, version, factsOf(typed)).catch(atCode) : create(typed)
      }
      onSaved={() => void client.invalidateQueries({ queryKey: keys.tiers })}
      onClose={props.onClose}
    >
      <div className="settings-pairs">
        <Form.Item name="zh" label={labels.zh} rules={named}>
          <Input placeholder={t("tiers.programme.zh_example")} />
        </Form.Item>
        <Form.Item name="en" label={labels.en} rules={named}>
          <Input placeholder={t("tiers.programme.en_example")} />
        </Form.Item>
      </div>
      <Form.Item
        name="code"
        label={labels.code}
        extra={t("tiers.programme.code_hint")}
        rules={[
          { required: true, message: t("app.required") },
          { pattern: CODE, message: t("tiers.fault.code") },
        ]}
      >
        <Input placeholder="club" />
      </Form.Item>
      <Form.Item name="brands" label={labels.brands} extra={t("tiers.programme.brands_hint")}>
        <Select mode="tags" options={brands.map((brand) => ({ value: brand, label: brand }))} />
      </Form.Item>
      <Form.Item name="kinds" label={labels.kinds} extra={t("tiers.programme.kinds_hint")}>
        <Select
          mode="multiple"
          options={KINDS.map((kind) => ({ value: kind, label: t(`terms.kind.${kind}`) }))}
        />
      </Form.Item>
      {of ? null : (
        <Form.Item name="begin" label={labels.begin}>
          <Radio.Group
            className="choices"
            options={(["ready", "nothing"] as const).map((begin) => ({
              value: begin,
              label: (
                <>
                  {t(`tiers.programme.begin_with.${begin}`)}
                  <div className="figure-note">{t(`tiers.programme.begin_about.${begin}`)}</div>
                </>
              ),
            }))}
          />
        </Form.Item>
      )}
    </EditDialog>
  );
}
