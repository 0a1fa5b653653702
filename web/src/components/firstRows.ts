// The rows of a list, page after page, for a file that is made here.
import type { Page } from "../api/types";

/** What is longer is made by the server. */
export const LONGEST = 10_000;
const PAGE = 200;

type Asked = { limit: number; cursor: string | null };

/** Page after page up to the longest file; says whether there would have been more. */
export async function firstRows<Row>(
  read: (page: Asked) => Promise<Page<Row>>,
): Promise<{ rows: Row[]; more: boolean }> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Row> = await read({ limit: PAGE, cursor });
    rows.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && rows.length < LONGEST);
  return { rows, more: cursor !== null };
}
