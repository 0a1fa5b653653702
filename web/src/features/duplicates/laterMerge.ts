const AN_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** The merge that is in the way of undoing another: the server names it by its id. */
export const laterMerge = (detail: string | undefined) => AN_ID.exec(detail ?? "")?.[0] ?? null;
