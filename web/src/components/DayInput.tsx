// A day in a form, as the server writes it: 2026-01-31, or null.
import { DatePicker } from "antd";
import dayjs from "dayjs";
import type { KeyboardEvent } from "react";

/** Enter ends the typing of a date; it does not send the whole form. */
export function staysHere(event: KeyboardEvent): void {
  if (event.key === "Enter") event.preventDefault();
}

export function DayInput(props: {
  id?: string;
  value?: string | null;
  onChange?: (day: string | null) => void;
}) {
  const { id, value, onChange } = props;
  return (
    <DatePicker
      id={id}
      style={{ width: "100%" }}
      value={value ? dayjs(value) : null}
      onKeyDown={staysHere}
      onChange={(day) => onChange?.(day ? day.format("YYYY-MM-DD") : null)}
    />
  );
}
