// Views of the list that people keep by name: search, filters, order and columns. Kept in the browser, one
// set per user.
export type SavedView = { name: string; search: string };

/** Where in a list one is, which is no part of a view. */
const PLACE = ["cursor", "row"];
const MOST = 50;

const keyOf = (userId: string) => `patron.views.${userId}`;

/** The address of a list without the place in it. */
export function viewOf(search: URLSearchParams): string {
  const view = new URLSearchParams(search);
  for (const name of PLACE) view.delete(name);
  return view.toString();
}

/** With one more, or another of the same name; by name, and never without end. */
export function withView(views: SavedView[], added: SavedView): SavedView[] {
  const others = views.filter((view) => view.name !== added.name);
  return [...others.slice(-(MOST - 1)), added].sort((one, other) =>
    one.name.localeCompare(other.name),
  );
}

export function withoutView(views: SavedView[], name: string): SavedView[] {
  return views.filter((view) => view.name !== name);
}

/** What was kept; whatever is not as it should be counts as nothing. */
export function parsedViews(text: string | null): SavedView[] {
  try {
    const read: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(read)) return [];
    return read.filter(
      (view): view is SavedView =>
        typeof view?.name === "string" && typeof view?.search === "string",
    );
  } catch {
    return [];
  }
}

export const readViews = (userId: string) => parsedViews(localStorage.getItem(keyOf(userId)));

export function writeViews(userId: string, views: SavedView[]): void {
  localStorage.setItem(keyOf(userId), JSON.stringify(views));
}
