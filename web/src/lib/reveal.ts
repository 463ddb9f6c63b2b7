/** Scrolls a piece of evidence to the middle of the box it lies in, and that box into the page where it is not in view. */
export function reveal(element: Element | null | undefined): void {
  const box = element?.closest(".scroll-box");
  if (!element || !box) return;
  const inside = element.getBoundingClientRect();
  const around = box.getBoundingClientRect();
  box.scrollTop += inside.top + inside.height / 2 - (around.top + around.height / 2);
  box.scrollIntoView({ block: "nearest" });
}
