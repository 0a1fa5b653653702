// What a form changes, and what becomes of it when somebody else was first. Values are compared as the server
// would send them; nothing is null.

const same = (one: unknown, other: unknown) =>
  JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

/** The fields that are no longer as they were. */
export function changesOf<V extends object>(before: V, typed: V): Partial<V> {
  const changed: Partial<V> = {};
  for (const name of Object.keys(typed) as (keyof V)[]) {
    if (!same(before[name], typed[name])) changed[name] = typed[name] ?? (null as V[keyof V]);
  }
  return changed;
}

export type Meeting<V> = {
  /** The form as it goes on: what was typed, and beside it what is new. */
  values: V;
  /** What somebody else changed, in fields that were changed here too. */
  crossed: (keyof V & string)[];
  /** What somebody else changed, in fields that were left alone here. */
  taken: (keyof V & string)[];
};

/** Brings together what was typed and what somebody else has saved meanwhile. */
export function meet<V extends object>(before: V, typed: V, now: V): Meeting<V> {
  const values = { ...now, ...changesOf(before, typed) };
  const theirs = Object.keys(changesOf(before, now)) as (keyof V & string)[];
  const crossed = theirs.filter(
    (name) => !same(before[name], typed[name]) && !same(typed[name], now[name]),
  );
  const taken = theirs.filter((name) => same(before[name], typed[name]));
  return { values, crossed, taken };
}
