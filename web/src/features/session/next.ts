/** Where to go after signing in: only ever an address of this console. */
export function insideOnly(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) && !next.startsWith("/sign-in") ? next : "/";
}
