// A level as a coloured mark with its name.
import { useTranslation } from "react-i18next";
import { type LevelShown, useProgramme } from "../../api/tiers";
import { ABSENT, useFormat } from "../../i18n/format";
import { Mark } from "../Marks";
import { levelName } from "./conditionWords";

const NONE = "#bfbfbf";

export function LevelMark(props: { code: string | null; levels: readonly LevelShown[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { code, levels } = props;
  const colour = levels.find((level) => level.code === code)?.colour ?? NONE;
  return <Mark colour={colour} text={levelName(code, { t, format, levels })} />;
}

/** The same where only the programme is known. */
export function LevelOfProgramme(props: { programme: string; code: string | null }) {
  const found = useProgramme(props.programme).data;
  if (props.code === null) return <>{ABSENT}</>;
  return <LevelMark code={props.code} levels={found?.in_force?.document.levels ?? []} />;
}
