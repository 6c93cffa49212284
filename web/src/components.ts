/** Alpine components for the pages. The CSP build takes property and method names only. */

/** x-data="disclosure" · x-on:click="toggle" · x-show="open" */
export function disclosure(): object {
  return {
    open: false,
    toggle(this: { open: boolean }): void {
      this.open = !this.open;
    },
    close(this: { open: boolean }): void {
      this.open = false;
    },
  };
}

/** x-data="picker": pressing an element with data-value writes it into the field with data-picked inside. */
export function picker(): object {
  return {
    picked: "",
    pick(this: { picked: string; $root: HTMLElement }, event: Event): void {
      const target = (event.target as Element).closest<HTMLElement>("[data-value]");
      if (!target) return;
      this.picked = target.dataset.value ?? "";
      const field = this.$root.querySelector<HTMLInputElement>("[data-picked]");
      if (!field) return;
      field.value = this.picked;
      field.dispatchEvent(new Event("change", { bubbles: true }));
    },
  };
}
