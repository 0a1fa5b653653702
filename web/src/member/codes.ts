// Codes are told once. They are kept for as long as this window is open, so that a page that is loaded anew still has them.
type Told = { code: string; qr: string };
const STORED = "patron.member.codes";

export function codesTold(): Record<string, Told> {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? "{}") as Record<string, Told>;
  } catch {
    return {};
  }
}

export function keepCode(id: string, told: Told): void {
  sessionStorage.setItem(STORED, JSON.stringify({ ...codesTold(), [id]: told }));
}

export function forgetCodes(): void {
  sessionStorage.removeItem(STORED);
}
