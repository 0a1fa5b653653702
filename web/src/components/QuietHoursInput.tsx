// Hours of the day in which nobody is disturbed, over midnight too; none at all where they are left empty.
import { TimePicker } from "antd";
import dayjs from "dayjs";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { QuietHours } from "../api/record";
import { staysHere } from "./DayInput";

const short = (time: string) => time.slice(0, 5);

export function hoursText(hours: QuietHours, t: TFunction): string {
  const from = short(hours.from);
  const until = short(hours.until);
  return t(until < from ? "app.hours_over_midnight" : "app.hours", { from, until });
}

const at = (time: string | undefined) => (time ? dayjs(`2000-01-01T${time}`) : null);

export function QuietHoursInput(props: {
  id?: string;
  value?: QuietHours | null;
  onChange?: (hours: QuietHours | null) => void;
}) {
  const { t } = useTranslation();
  return (
    <TimePicker.RangePicker
      id={{ start: props.id, end: props.id ? `${props.id}_until` : undefined }}
      format="HH:mm"
      minuteStep={15}
      // Nine in the evening until nine in the morning is in order.
      order={false}
      allowClear
      aria-label={t("app.hours_label")}
      style={{ width: "100%" }}
      value={props.value ? [at(props.value.from), at(props.value.until)] : null}
      onKeyDown={staysHere}
      onChange={(range) =>
        props.onChange?.(
          range?.[0] && range[1]
            ? { from: range[0].format("HH:mm:ss"), until: range[1].format("HH:mm:ss") }
            : null,
        )
      }
    />
  );
}
