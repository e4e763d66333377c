const TYPED = "input, textarea, select";

/** Whether a key is for the page: pressed plainly, not typed into a field, and no dialog stands before the page. */
export function forPage(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || (event.target instanceof Element && event.target.closest(TYPED))) return false;
  // Asked of the document, not of the screen's own state: a dialog tells its screen only some time after it has closed.
  return document.querySelector("dialog[open]") === null;
}
