// Classes and states as a coloured mark with its word.
import { useTranslation } from "react-i18next";
import type {
  BucketSegment,
  ImportState,
  JobState,
  LoyaltyClass,
  RunState,
  ValueClass,
} from "../api/types";
import { ABSENT } from "../i18n/format";
import { BUCKET_COLOUR, CLASS_COLOUR, LOYALTY_COLOUR } from "./palette";

export function Mark(props: { colour: string; text: string }) {
  return (
    <span className="mark">
      <span aria-hidden className="mark-dot" style={{ background: props.colour }} />
      {props.text}
    </span>
  );
}

export function ClassMark(props: { of: ValueClass }) {
  const { t } = useTranslation();
  return <Mark colour={CLASS_COLOUR[props.of]} text={t(`terms.class.${props.of}`)} />;
}

export function LoyaltyMark(props: { of: LoyaltyClass | "none" }) {
  const { t } = useTranslation();
  if (props.of === "none") return <>{ABSENT}</>;
  return <Mark colour={LOYALTY_COLOUR[props.of]} text={t(`terms.loyalty.${props.of}`)} />;
}

export function BucketMark(props: { of: BucketSegment | "none" }) {
  const { t } = useTranslation();
  if (props.of === "none") return <>{ABSENT}</>;
  return <Mark colour={BUCKET_COLOUR[props.of]} text={t(`terms.bucket.${props.of}`)} />;
}

const STATE_COLOUR: Record<JobState | RunState | ImportState, string> = {
  queued: "#8c8c8c",
  running: "#0072b2",
  succeeded: "#009e73",
  published: "#009e73",
  failed: "#d55e00",
  cancelled: "#8c8c8c",
  uploaded: "#8c8c8c",
  checked: "#56b4e9",
  importing: "#0072b2",
  imported: "#009e73",
};

/** Where a job, a run or an import stands. */
export function StateMark(props: { of: JobState | RunState | ImportState }) {
  const { t } = useTranslation();
  return <Mark colour={STATE_COLOUR[props.of]} text={t(`terms.state.${props.of}`)} />;
}
