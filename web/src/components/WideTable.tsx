// A table that may be wider than the screen. Where it is, the keyboard can reach and scroll it.
import { Table, type TableProps } from "antd";
import { useEffect, useRef } from "react";

export function WideTable<Row extends object>(props: TableProps<Row>) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const table = place.current;
    if (!table) return;
    const mark = () => {
      for (const part of table.querySelectorAll(".ant-table-content, .ant-table-body")) {
        if (part.scrollWidth > part.clientWidth) part.setAttribute("tabindex", "0");
        else part.removeAttribute("tabindex");
      }
    };
    mark();
    const watcher = new ResizeObserver(mark);
    watcher.observe(table);
    return () => watcher.disconnect();
  });
  return (
    <div ref={place}>
      <Table<Row> scroll={{ x: "max-content" }} {...props} />
    </div>
  );
}
