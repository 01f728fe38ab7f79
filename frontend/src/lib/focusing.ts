/** Go to the first place of a form where something is missing or wrong, once it is marked. */
export function focusFirstFault(form: HTMLFormElement | null): void {
  requestAnimationFrame(() => {
    const wrong = form?.querySelector<HTMLElement>("[aria-invalid='true'], .faults");
    const target = wrong?.matches("[aria-invalid]") ? wrong : wrong?.closest("fieldset")?.querySelector("input");
    target?.focus();
  });
}
