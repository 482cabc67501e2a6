/** Change the text of an element in place; a new text node would have to be styled anew. */
export function writeText(element: HTMLElement, text: string): void {
  const only = element.firstChild
  if (!(only instanceof Text)) element.textContent = text
  else if (only.data !== text) only.data = text
}
