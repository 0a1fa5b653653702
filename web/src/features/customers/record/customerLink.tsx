import { Link } from "react-router";
import type { CustomerLink } from "../../../api/types";

export const customerLink = (to: CustomerLink | null) =>
  to ? <Link to={`/customers/${to.id}`}>{to.name}</Link> : null;
