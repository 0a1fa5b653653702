// From a group of a report to its customers. The list of customers shows the newest run: from an older
// one there is no way to the customers it counted.
import type { CSSProperties, ReactNode } from "react";
import { Link } from "react-router";

export function CustomersLink(props: {
  newest: boolean;
  /** What narrows the list, as it stands in its address. */
  filter: string;
  className?: string;
  style?: CSSProperties;
  children: ReactNode;
}) {
  const { newest, filter, ...rest } = props;
  return newest ? <Link to={`/customers?${filter}`} {...rest} /> : <span {...rest} />;
}
