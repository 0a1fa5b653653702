// A key for what somebody means to do once. As long as the same thing is asked for it stays the same, so that
// pressing again after a lost answer makes nothing twice; something else gets another.
import { useCallback, useRef } from "react";

/** Also where the page is not served over https, where the browser has no `randomUUID`. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function useIntention(): (said: unknown) => string {
  const last = useRef({ said: "", key: "" });
  return useCallback((said) => {
    const text = JSON.stringify(said);
    if (last.current.said !== text) last.current = { said: text, key: newKey() };
    return last.current.key;
  }, []);
}
