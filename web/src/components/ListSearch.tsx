// The search field of a list. It asks once the typing pauses, and never in the middle of composing
// Chinese characters.
import { SearchOutlined } from "@ant-design/icons";
import { Input } from "antd";
import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 300;

export function ListSearch(props: {
  value: string;
  label: string;
  placeholder: string;
  onSearch: (text: string) => void;
}) {
  const [text, setText] = useState(props.value);
  const composing = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  // The address may change by itself: back, a cleared filter.
  useEffect(() => setText(props.value), [props.value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  // A filter may be set while the typing pauses: what is called then must know the address as it is
  // then, or it would take the filter off again.
  const onSearch = useRef(props.onSearch);
  useEffect(() => {
    onSearch.current = props.onSearch;
  });

  const later = (next: string) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onSearch.current(next.trim()), PAUSE_MS);
  };
  return (
    <Input
      data-room-search
      allowClear
      type="search"
      prefix={<SearchOutlined aria-hidden />}
      placeholder={props.placeholder}
      aria-label={props.label}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        if (!composing.current) later(event.target.value);
      }}
      onCompositionStart={() => {
        composing.current = true;
      }}
      onCompositionEnd={(event) => {
        composing.current = false;
        later(event.currentTarget.value);
      }}
      onPressEnter={(event) => {
        clearTimeout(timer.current);
        if (!event.nativeEvent.isComposing) props.onSearch(text.trim());
      }}
    />
  );
}
