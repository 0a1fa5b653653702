// Where the typing begins in a dialog. `autoFocus` comes too early for one: it is not shown yet when its fields are.

/** Puts the caret into the first field, if it is one to type in: one that opens something is left alone. */
export function focusFirstField(form: HTMLElement | null): void {
  if (!form || form.contains(document.activeElement)) return;
  const first = form.querySelector<HTMLElement>("input, textarea");
  const isTyped = first?.matches(
    "input[type=text]:not([role=combobox]), input[type=password], input:not([type]):not([role=combobox]), textarea",
  );
  if (isTyped && !first?.closest(".ant-picker")) first?.focus();
}
