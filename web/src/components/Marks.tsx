// Classes and states as a coloured mark with its word.
import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import type { BucketSegment, JobState, LoyaltyClass, RunState, ValueClass } from "../api/types";
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

const STATE_COLOUR: Record<JobState | "published", string> = {
  queued: "default",
  running: "processing",
  succeeded: "success",
  published: "success",
  failed: "error",
  cancelled: "default",
};

export function StateTag(props: { of: JobState | RunState }) {
  const { t } = useTranslation();
  return <Tag color={STATE_COLOUR[props.of]}>{t(`terms.state.${props.of}`)}</Tag>;
}
