// A moment in a form, by the reader's clock; as the server writes it, or null.
import { DatePicker } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { staysHere } from "./DayInput";

export function MomentInput(props: {
  id?: string;
  value?: string | null;
  placeholder?: string;
  label?: string;
  onChange?: (at: string | null) => void;
}) {
  return (
    <DatePicker
      id={props.id}
      showTime={{ format: "HH:mm" }}
      format="YYYY-MM-DD HH:mm"
      style={{ width: "100%" }}
      placeholder={props.placeholder}
      aria-label={props.label}
      value={props.value ? dayjs(props.value) : null}
      onKeyDown={staysHere}
      onChange={(at: Dayjs | null) => props.onChange?.(at?.second(0).toISOString() ?? null)}
    />
  );
}
